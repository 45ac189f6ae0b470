import type { Queryable } from '../shared/database/Database.js';
import { formatUsd, parseUsd, type PicoUsd } from '../shared/money.js';
import type { BudgetRecord } from '../shared/snapshot.js';

/** A budget with its money as it is at one moment. */
export interface Budget {
  readonly id: string;
  readonly tenant: string;
  readonly scope: string;
  readonly limit: PicoUsd;
  readonly period: BudgetRecord['period'];
  readonly hard: boolean;
  /** In the ledger for the current period. */
  readonly spent: PicoUsd;
  /** Held by reservations that are neither released nor expired, less what was already spent under them. */
  readonly reserved: PicoUsd;
  readonly resetsAt: Date | null;
  readonly version: number;
  readonly createdAt: Date;
}

/** Rows in the order of `ids`; undefined where there is none. `tenant` null: of every tenant. */
export async function findBudgetsByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
  nowMs: number,
): Promise<(Budget | undefined)[]> {
  const budgets = await select(database, 'b.id = any($2::text[]) and ($3::text is null or b.tenant = $3)', 'b.id', nowMs, [
    ids,
    tenant,
  ]);
  const byId = new Map(budgets.map((budget) => [budget.id, budget]));
  return ids.map((id) => byId.get(id));
}

/** Newest first, ties by id; `limit + 1` rows, so that the caller sees whether there are more. */
export function findBudgetPage(
  database: Queryable,
  tenant: string,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
  nowMs: number,
): Promise<Budget[]> {
  const where = `b.tenant = $2 and
    ($3::timestamptz is null or b.created_at < $3::timestamptz or (b.created_at = $3::timestamptz and b.id > $4))`;
  return select(database, where, 'b.created_at desc, b.id limit $5', nowMs, [
    tenant,
    page.after?.createdAt.toISOString() ?? null,
    page.after?.id ?? null,
    page.limit + 1,
  ]);
}

/** Of every tenant, in the order of ids, after `after`. For the gateway's snapshot. */
export function findBudgetsAfter(database: Queryable, after: string, limit: number, nowMs: number): Promise<Budget[]> {
  return select(database, 'b.id > $2', 'b.id limit $3', nowMs, [after, limit]);
}

export async function countBudgets(database: Queryable, tenant: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>('select count(*)::int as count from costs.budget where tenant = $1', [
    tenant,
  ]);
  return rows[0]!.count;
}

/** What the gateway holds of a budget. */
export function toBudgetRecord(budget: Budget): BudgetRecord {
  const { id, tenant, scope, period, hard, version } = budget;
  return {
    id,
    tenant,
    scope,
    limitUsd: formatUsd(budget.limit),
    period,
    hard,
    spentUsd: formatUsd(budget.spent),
    reservedUsd: formatUsd(budget.reserved),
    resetsAt: budget.resetsAt?.toISOString() ?? null,
    version,
  };
}

interface BudgetRow extends Pick<Budget, 'id' | 'tenant' | 'scope' | 'period' | 'hard'> {
  limit_usd: string;
  version: bigint;
  created_at: Date;
  resets_at: Date | null;
  spent_usd: string;
  reserved_usd: string;
}

/** `$1` is the moment; `where` and `order` begin at `$2`. */
async function select(
  database: Queryable,
  where: string,
  order: string,
  nowMs: number,
  values: readonly unknown[],
): Promise<Budget[]> {
  const { rows } = await database.query<BudgetRow>(
    `select b.id, b.tenant, b.scope, b.limit_usd, b.period, b.hard, b.version, b.created_at,
       costs.period_end(b.period, $1::timestamptz) as resets_at,
       coalesce((
         select s.usd from costs.budget_spend s
         where s.budget_id = b.id and s.period_start = costs.period_start(b.period, $1::timestamptz)
       ), 0) as spent_usd,
       coalesce((
         select sum(greatest(r.amount_usd - r.spent_usd, 0)) from costs.reservation r
         where r.tenant = b.tenant and b.scope = any(r.scopes) and r.released_at is null and r.expires_at > $1::timestamptz
       ), 0) as reserved_usd
     from costs.budget b
     where ${where}
     order by ${order}`,
    [new Date(nowMs).toISOString(), ...values],
  );
  return rows.map(({ limit_usd, version, created_at, resets_at, spent_usd, reserved_usd, ...row }) => ({
    ...row,
    limit: parseUsd(limit_usd),
    spent: parseUsd(spent_usd),
    reserved: parseUsd(reserved_usd),
    resetsAt: resets_at,
    version: Number(version),
    createdAt: created_at,
  }));
}
