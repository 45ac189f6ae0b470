import type { Database, Queryable } from '../shared/database/Database.js';
import { budgetsOf, lockBudgets, publishMoves, type Claim } from './moveBudgets.js';

const BATCH = 500;

/**
 * Does what time alone does to budgets: forgets reservations that have expired and tells readers of budgets whose period has ended.
 * Nothing depends on it for being right (every sum leaves out what has expired); it keeps readers current and tables small.
 * One process does it at a time. Resolves to the number of rows that it was about; 0: nothing is left to do.
 */
export async function sweep(database: Database, nowMs: number): Promise<number> {
  return (await database.withTryLock('costs.sweep', () => database.transaction((tx) => sweepBatch(tx, nowMs)))) ?? 0;
}

async function sweepBatch(tx: Queryable, nowMs: number): Promise<number> {
  const now = new Date(nowMs).toISOString();
  const { rows: expired } = await tx.query<Claim & { id: string; held: boolean }>(
    `select id, tenant, scopes, released_at is null and amount_usd > spent_usd as held
     from costs.reservation where expires_at <= $1::timestamptz order by expires_at limit ${BATCH}`,
    [now],
  );
  const { rows: ended } = await tx.query<{ id: string }>(
    `select id from costs.budget where resets_at <= $1::timestamptz order by resets_at limit ${BATCH}`,
    [now],
  );
  if (expired.length + ended.length === 0) return 0;
  const held = expired.filter((reservation) => reservation.held);
  const endedIds = ended.map(({ id }) => id);
  const budgets = await lockBudgets(tx, held, endedIds);
  await tx.query(`delete from costs.reservation where id = any($1::text[])`, [expired.map(({ id }) => id)]);
  await tx.query(
    `delete from costs.budget_spend s using costs.budget b
     where b.id = s.budget_id and b.id = any($1::text[]) and s.period_start < costs.period_start(b.period, $2::timestamptz)`,
    [endedIds, now],
  );
  await publishMoves(tx, [...new Set([...endedIds, ...held.flatMap((claim) => budgetsOf(budgets, claim))])], nowMs);
  return expired.length + ended.length;
}
