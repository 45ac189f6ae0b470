import type { Queryable } from '../shared/database/Database.js';
import { formatUsd, parseUsd } from '../shared/money.js';

/** From inclusive, to exclusive; null: open. */
export interface TimeRange {
  readonly from: Date | null;
  readonly to: Date | null;
}

export interface SpendRow {
  readonly key: string;
  readonly usd: string;
  readonly requests: number;
}

export interface Spend {
  readonly usd: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface TaskCost {
  readonly usd: string;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly priceVersion: number;
}

const KEY = {
  AGENT: 'agent_id',
  MODEL: 'model_id',
  TASK_CLASS: 'task_class',
  TENANT: 'tenant',
  CUSTOMER: 'customer_id',
  DAY: `to_char(at at time zone 'UTC', 'YYYY-MM-DD')`,
} as const;
export type SpendGroup = keyof typeof KEY;

const MAX_ROWS = 1_000;

/** The ledger summed by group: days newest first, all others dearest first. `tenant` null: of every tenant. At most 1,000 rows. */
export async function spendBy(
  database: Queryable,
  tenant: string | null,
  group: SpendGroup,
  range: TimeRange,
): Promise<SpendRow[]> {
  const { rows } = await database.query<SpendRow>(
    `select ${KEY[group]} as key, sum(usd) as usd, count(*)::int as requests
     from costs.ledger_entry
     where ($1::text is null or tenant = $1) and ${KEY[group]} is not null and ${IN_RANGE}
     group by 1
     order by ${group === 'DAY' ? '1 desc' : '2 desc, 1'}
     limit ${MAX_ROWS}`,
    [tenant, ...bounds(range)],
  );
  return rows.map((row) => ({ ...row, usd: plain(row.usd) }));
}

/** What agents or models have cost in one range, in the order of `ids`; zeros for those that cost nothing. */
export async function spendOf(
  database: Queryable,
  tenant: string,
  column: 'agent_id' | 'model_id',
  ids: readonly string[],
  range: TimeRange,
): Promise<Spend[]> {
  const { rows } = await database.query<{ id: string; usd: string; requests: number; input: string; output: string }>(
    `select ${column} as id, sum(usd) as usd, count(*)::int as requests, sum(input_tokens) as input, sum(output_tokens) as output
     from costs.ledger_entry
     where tenant = $1 and ${IN_RANGE} and ${column} = any($4::text[])
     group by 1`,
    [tenant, ...bounds(range), ids],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = byId.get(id);
    if (!row) return { usd: '0', requests: 0, inputTokens: 0, outputTokens: 0 };
    return { usd: plain(row.usd), requests: row.requests, inputTokens: toInt(row.input), outputTokens: toInt(row.output) };
  });
}

/** The costs of tasks over all their attempts, in the order of `taskIds`; null while the ledger has none of them. */
export async function costsOfTasks(
  database: Queryable,
  tenant: string | null,
  taskIds: readonly string[],
): Promise<(TaskCost | null)[]> {
  const { rows } = await database.query<{
    id: string;
    usd: string;
    input: string;
    cached: string;
    output: string;
    price_version: number;
  }>(
    `select task_id as id, sum(usd) as usd, sum(input_tokens) as input, sum(cached_input_tokens) as cached, sum(output_tokens) as output,
       (array_agg(price_version order by at desc, attempt_id desc))[1] as price_version
     from costs.ledger_entry
     where task_id = any($1::text[]) and ($2::text is null or tenant = $2)
     group by 1`,
    [taskIds, tenant],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return taskIds.map((id) => {
    const row = byId.get(id);
    if (!row) return null;
    return {
      usd: plain(row.usd),
      inputTokens: toInt(row.input),
      cachedInputTokens: toInt(row.cached),
      outputTokens: toInt(row.output),
      priceVersion: row.price_version,
    };
  });
}

const IN_RANGE = '($2::timestamptz is null or at >= $2::timestamptz) and ($3::timestamptz is null or at < $3::timestamptz)';

function bounds({ from, to }: TimeRange): (string | null)[] {
  return [from?.toISOString() ?? null, to?.toISOString() ?? null];
}

function plain(numeric: string): string {
  return formatUsd(parseUsd(numeric));
}

/** GraphQL's Int ends at 2³¹ − 1; a sum beyond it is shown as that. */
function toInt(sum: string): number {
  return Math.min(Number(sum), 2_147_483_647);
}
