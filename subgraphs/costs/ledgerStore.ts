import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import { parseUsd } from '../shared/money.js';
import type { Pricing } from '../shared/pricing.js';
import type { LedgerEntry } from './ledgerEntry.js';
import type { TimeRange } from './spendStore.js';

/** An entry as it is read: what it counts for and what was held for it is left out. */
export type StoredEntry = Omit<LedgerEntry, 'at' | 'scopes' | 'reservationId'> & { readonly at: Date };

/** Newest first, ties by id; one row more than the page has. `tenant` null: of every tenant. */
export async function findLedgerPage(
  database: Queryable,
  tenant: string | null,
  { from, to }: TimeRange,
  { limit, after }: PageRequest,
): Promise<StoredEntry[]> {
  const { rows } = await database.query<LedgerRow>(
    `select attempt_id as "attemptId", tenant, task_id as "taskId", task_class as "taskClass", agent_id as "agentId",
       model_id as "modelId", customer_id as "customerId", principal, input_tokens as "inputTokens",
       cached_input_tokens as "cachedInputTokens", output_tokens as "outputTokens", prices, usd, at
     from costs.ledger_entry
     where ${MATCHES} and ($4::timestamptz is null or at < $4::timestamptz or (at = $4::timestamptz and attempt_id > $5))
     order by at desc, attempt_id limit $6`,
    [tenant, from?.toISOString() ?? null, to?.toISOString() ?? null, after?.sortKey ?? null, after?.id ?? null, limit + 1],
  );
  return rows.map(({ inputTokens, cachedInputTokens, outputTokens, usd, ...row }) => ({
    ...row,
    inputTokens: Number(inputTokens),
    cachedInputTokens: Number(cachedInputTokens),
    outputTokens: Number(outputTokens),
    usd: parseUsd(usd),
  }));
}

export async function countLedger(database: Queryable, tenant: string | null, { from, to }: TimeRange): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from costs.ledger_entry where ${MATCHES}`,
    [tenant, from?.toISOString() ?? null, to?.toISOString() ?? null],
  );
  return rows[0]!.count;
}

const MATCHES = `($1::text is null or tenant = $1) and ($2::timestamptz is null or at >= $2::timestamptz)
  and ($3::timestamptz is null or at < $3::timestamptz)`;

interface LedgerRow extends Omit<StoredEntry, 'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'usd' | 'prices'> {
  readonly inputTokens: bigint;
  readonly cachedInputTokens: bigint;
  readonly outputTokens: bigint;
  readonly usd: string;
  readonly prices: Pricing;
}
