import type { Queryable } from '../shared/database/Database.js';
import { newEvent, publishAll } from '../shared/outbox.js';
import { findBudgetsByIds, toBudgetRecord } from './budgetStore.js';

/** Whose money moves: what one tenant spends or holds under these scopes. */
export interface Claim {
  readonly tenant: string;
  readonly scopes: readonly string[];
}

export interface LockedBudget {
  readonly id: string;
  readonly tenant: string;
  readonly scope: string;
}

/**
 * Locks the budgets that the claims count for until the transaction ends. Always in the order of ids, and always before reservations
 * are touched, so that two transactions never wait for each other.
 */
export async function lockBudgets(tx: Queryable, claims: readonly Claim[], ids: readonly string[] = []): Promise<LockedBudget[]> {
  const keys = claims.flatMap(({ tenant, scopes }) => scopes.map((scope) => JSON.stringify([tenant, scope])));
  const pairs = [...new Set(keys)].map((key) => JSON.parse(key) as [string, string]);
  const { rows } = await tx.query<LockedBudget>(
    `select id, tenant, scope from costs.budget
     where id in (
       select b.id from costs.budget b
       join unnest($1::text[], $2::text[]) as claim (tenant, scope) on b.tenant = claim.tenant and b.scope = claim.scope
       union all
       select unnest($3::text[])
     )
     order by id
     for update`,
    [pairs.map(([tenant]) => tenant), pairs.map(([, scope]) => scope), ids],
  );
  return rows;
}

/** The ids of those among `budgets` that a claim counts for. */
export function budgetsOf(budgets: readonly LockedBudget[], { tenant, scopes }: Claim): string[] {
  return budgets.filter((budget) => budget.tenant === tenant && scopes.includes(budget.scope)).map(({ id }) => id);
}

/** Tells readers that the money of these budgets, locked by the caller, has moved. Call it last: it reads what they are now. */
export async function publishMoves(tx: Queryable, ids: readonly string[], nowMs: number): Promise<void> {
  if (ids.length === 0) return;
  await tx.query(
    `update costs.budget set version = version + 1, resets_at = costs.period_end(period, $2::timestamptz) where id = any($1::text[])`,
    [ids, new Date(nowMs).toISOString()],
  );
  const moved = (await findBudgetsByIds(tx, null, ids, nowMs)).filter((budget) => budget !== undefined);
  const events = moved.map((budget) => {
    const data = { tenant: budget.tenant, record: toBudgetRecord(budget) };
    return newEvent('budget.moved', budget.id, data, { subgraph: 'costs', nowMs });
  });
  await publishAll(tx, 'costs', events);
}
