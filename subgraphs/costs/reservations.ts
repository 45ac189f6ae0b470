import { z } from 'zod';
import type { Queryable } from '../shared/database/Database.js';
import { MeshError } from '../shared/errors.js';
import { formatUsd, parseUsd, type PicoUsd } from '../shared/money.js';
import { findBudgetsByIds, type Budget } from './budgetStore.js';
import { parseBudgetScope } from './budgetScope.js';
import { budgetsOf, lockBudgets, publishMoves, type Claim } from './moveBudgets.js';

export interface ReserveRequest extends Claim {
  readonly reservationId: string;
  readonly amount: PicoUsd;
  readonly expiresAt: Date;
}

/** `budgetIds`: the budgets that now hold the amount, in the order of ids. */
export type ReserveAnswer = { ok: true; budgetIds: string[] } | { ok: false; budgetId: string; remainingUsd: string };

const requestSchema = z.object({
  reservationId: z.string().min(1).max(200),
  tenant: z.string().min(1).max(200),
  scopes: z
    .array(z.string().refine((scope) => parseBudgetScope(scope) !== undefined, 'is not a budget scope'))
    .min(1)
    .max(100),
  amountUsd: z.string(),
  expiresAt: z.union([z.number(), z.string()]).transform((value) => new Date(value)),
});

/** Reads the argument of `_reserve`. Throws BAD_USER_INPUT that names what is wrong. */
export function parseReserveRequest(request: unknown): ReserveRequest {
  const parsed = requestSchema.safeParse(request);
  if (!parsed.success) throw refused(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  const { amountUsd, ...rest } = parsed.data;
  if (Number.isNaN(rest.expiresAt.getTime())) throw refused('expiresAt: not a time');
  try {
    const amount = parseUsd(amountUsd);
    if (amount < 0n) throw new RangeError('it is below zero');
    return { ...rest, amount };
  } catch (error) {
    throw refused(`amountUsd: ${(error as Error).message}`);
  }
}

/**
 * Holds the amount on every budget of the scopes, or on none: refused when a hard budget has less left. Soft budgets count and never
 * refuse. The same reservation id again changes nothing and gets the same answer; with another amount it is IDEMPOTENCY_CONFLICT.
 */
export async function reserve(tx: Queryable, request: ReserveRequest, nowMs: number): Promise<ReserveAnswer> {
  const budgetIds = budgetsOf(await lockBudgets(tx, [request]), request);
  if (await isRepeated(tx, request)) return { ok: true, budgetIds };
  if (budgetIds.length === 0) return { ok: true, budgetIds };
  const budgets = (await findBudgetsByIds(tx, request.tenant, budgetIds, nowMs)).filter((budget) => budget !== undefined);
  const exhausted = budgets.find((budget) => budget.hard && budget.spent + budget.reserved + request.amount > budget.limit);
  if (exhausted) return { ok: false, budgetId: exhausted.id, remainingUsd: formatUsd(remainingOf(exhausted)) };
  await tx.query(
    `insert into costs.reservation (id, tenant, scopes, amount_usd, expires_at)
     values ($1, $2, $3::text[], $4::numeric, $5::timestamptz)`,
    [request.reservationId, request.tenant, request.scopes, formatUsd(request.amount), request.expiresAt.toISOString()],
  );
  await publishMoves(tx, budgetIds, nowMs);
  return { ok: true, budgetIds };
}

/** What is left of the limit, never below zero. */
export function remainingOf({ limit, spent, reserved }: Pick<Budget, 'limit' | 'spent' | 'reserved'>): PicoUsd {
  const left = limit - spent - reserved;
  return left > 0n ? left : 0n;
}

export interface WantedReservation {
  readonly id: string;
  /** RFC 3339. */
  readonly until: string;
}

/** Holds reservations for longer, whose tasks were stored; those that were released or have expired meanwhile stay so. */
export async function prolong(tx: Queryable, wanted: readonly WantedReservation[]): Promise<void> {
  if (wanted.length === 0) return;
  await tx.query(
    `update costs.reservation r set expires_at = greatest(r.expires_at, wanted.until)
     from jsonb_to_recordset($1::text::jsonb) as wanted (id text, until timestamptz)
     where r.id = wanted.id and r.released_at is null`,
    [JSON.stringify(wanted)],
  );
}

/** Frees what a reservation still holds. False: there is none, or it was released before. */
export async function release(tx: Queryable, reservationId: string, nowMs: number): Promise<boolean> {
  const [held] = await findHeld(tx, [reservationId]);
  if (!held) return false;
  const budgets = await lockBudgets(tx, [held]);
  const released = await markReleased(tx, [reservationId], nowMs);
  if (released === 0) return false;
  await publishMoves(tx, budgetsOf(budgets, held), nowMs);
  return true;
}

/** The reservations among `ids` that were not released. */
export async function findHeld(tx: Queryable, ids: readonly string[]): Promise<(Claim & { readonly id: string })[]> {
  if (ids.length === 0) return [];
  const { rows } = await tx.query<Claim & { id: string }>(
    `select id, tenant, scopes from costs.reservation where id = any($1::text[]) and released_at is null`,
    [ids],
  );
  return rows;
}

/** How many of `ids` were held until now. */
export async function markReleased(tx: Queryable, ids: readonly string[], nowMs: number): Promise<number> {
  const { rowCount } = await tx.query(
    `update costs.reservation set released_at = $2::timestamptz where id = any($1::text[]) and released_at is null`,
    [ids, new Date(nowMs).toISOString()],
  );
  return rowCount;
}

async function isRepeated(tx: Queryable, { reservationId, tenant, amount }: ReserveRequest): Promise<boolean> {
  const { rows } = await tx.query<{ tenant: string; amount_usd: string }>(
    `select tenant, amount_usd from costs.reservation where id = $1`,
    [reservationId],
  );
  const [earlier] = rows;
  if (!earlier) return false;
  if (earlier.tenant === tenant && parseUsd(earlier.amount_usd) === amount) return true;
  throw new MeshError(
    'IDEMPOTENCY_CONFLICT',
    `The reservation ${reservationId} was made for another amount or tenant; use a new id.`,
  );
}

function refused(why: string): MeshError {
  return new MeshError('BAD_USER_INPUT', `The reservation cannot be read: ${why}.`);
}
