import type { Queryable } from '../shared/database/Database.js';
import { formatUsd } from '../shared/money.js';
import type { LedgerEntry } from './ledgerEntry.js';
import { budgetsOf, lockBudgets, publishMoves, type LockedBudget } from './moveBudgets.js';
import { findHeld, markReleased } from './reservations.js';

/**
 * Takes reports of usage into the ledger and tells of tasks that are over, in one transaction: entries, the sums of their budgets and
 * the reservations that paid for them move together. A report that the ledger has changes nothing.
 */
export async function recordUsage(
  tx: Queryable,
  reports: readonly LedgerEntry[],
  settledReservationIds: readonly string[],
  nowMs: number,
): Promise<void> {
  // First the ledger: it waits for a budget that is being set (setBudget locks the table), which is then seen and locked below.
  const entries = await addEntries(tx, reports);
  const spentUnder = entries.flatMap(({ reservationId }) => (reservationId === null ? [] : [reservationId]));
  const held = await findHeld(tx, [...new Set([...spentUnder, ...settledReservationIds])]);
  const budgets = await lockBudgets(tx, [...entries, ...held]);
  await addSpend(tx, entries, budgets);
  await spendReservations(tx, entries);
  await markReleased(tx, settledReservationIds, nowMs);
  await publishMoves(tx, [...new Set([...entries, ...held].flatMap((claim) => budgetsOf(budgets, claim)))], nowMs);
}

/** The entries that are new to the ledger. */
async function addEntries(tx: Queryable, reports: readonly LedgerEntry[]): Promise<LedgerEntry[]> {
  if (reports.length === 0) return [];
  const { rows } = await tx.query<{ attempt_id: string }>(
    `insert into costs.ledger_entry (attempt_id, tenant, task_id, task_class, agent_id, model_id, customer_id, principal, reservation_id,
       scopes, input_tokens, cached_input_tokens, output_tokens, price_version, prices, usd, at)
     select "attemptId", tenant, "taskId", "taskClass", "agentId", "modelId", "customerId", principal, "reservationId",
       scopes, "inputTokens", "cachedInputTokens", "outputTokens", (prices ->> 'version')::int, prices, usd, at
     from jsonb_to_recordset($1::text::jsonb) as report ("attemptId" text, tenant text, "taskId" text, "taskClass" text, "agentId" text,
       "modelId" text, "customerId" text, principal text, "reservationId" text, scopes text[], "inputTokens" bigint,
       "cachedInputTokens" bigint, "outputTokens" bigint, prices jsonb, usd numeric, at timestamptz)
     on conflict (attempt_id) do nothing
     returning attempt_id`,
    [JSON.stringify(reports.map(withDecimal))],
  );
  const added = new Set(rows.map((row) => row.attempt_id));
  // One report may come twice in a batch; deleting leaves the second out.
  return reports.filter(({ attemptId }) => added.delete(attemptId));
}

async function addSpend(tx: Queryable, entries: readonly LedgerEntry[], budgets: readonly LockedBudget[]): Promise<void> {
  const spends = entries.flatMap((entry) =>
    budgetsOf(budgets, entry).map((budgetId) => ({ budgetId, at: entry.at, usd: formatUsd(entry.usd) })),
  );
  if (spends.length === 0) return;
  await tx.query(
    `insert into costs.budget_spend (budget_id, period_start, usd)
     select b.id, costs.period_start(b.period, spend.at), sum(spend.usd)
     from jsonb_to_recordset($1::text::jsonb) as spend ("budgetId" text, at timestamptz, usd numeric)
     join costs.budget b on b.id = spend."budgetId"
     group by 1, 2
     on conflict (budget_id, period_start) do update set usd = budget_spend.usd + excluded.usd`,
    [JSON.stringify(spends)],
  );
}

/** What is in the ledger is no longer held: otherwise a running task would count twice. */
async function spendReservations(tx: Queryable, entries: readonly LedgerEntry[]): Promise<void> {
  if (!entries.some(({ reservationId }) => reservationId !== null)) return;
  await tx.query(
    `update costs.reservation r set spent_usd = r.spent_usd + spent.usd
     from (
       select "reservationId" as id, sum(usd) as usd
       from jsonb_to_recordset($1::text::jsonb) as entry ("reservationId" text, usd numeric)
       group by 1
     ) spent
     where r.id = spent.id`,
    [JSON.stringify(entries.map(withDecimal))],
  );
}

function withDecimal(entry: LedgerEntry): Omit<LedgerEntry, 'usd'> & { usd: string } {
  return { ...entry, usd: formatUsd(entry.usd) };
}
