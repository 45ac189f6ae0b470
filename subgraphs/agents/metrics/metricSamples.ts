import type { Queryable } from '../../shared/database/Database.js';
import { parseUsd, type PicoUsd } from '../../shared/money.js';
import type { Attempt } from '../Task.js';

/** An attempt as the live metrics see it. */
export interface MetricSample {
  readonly tenant: string;
  readonly agentId: string;
  readonly succeeded: boolean;
  readonly latencyMs: number;
  readonly cost: PicoUsd;
}

/** Inside the transaction that stores the attempts, so that each is in exactly one window. Skipped ones did not happen. */
export async function insertMetricSamples(tx: Queryable, tenant: string, attempts: readonly Attempt[]): Promise<void> {
  const made = attempts.filter(({ outcome, latencyMs }) => outcome !== 'SKIPPED' && latencyMs !== null);
  if (made.length === 0) return;
  await tx.query(
    `insert into agents.metric_sample (tenant, agent_id, succeeded, latency_ms, cost_usd)
     select $1, agent_id, succeeded, latency_ms, cost_usd::numeric
     from unnest($2::text[], $3::boolean[], $4::int[], $5::text[]) as made (agent_id, succeeded, latency_ms, cost_usd)`,
    [
      tenant,
      made.map(({ agentId }) => agentId),
      made.map(({ outcome }) => outcome === 'SUCCEEDED'),
      made.map(({ latencyMs }) => latencyMs),
      made.map(({ costUsd }) => costUsd),
    ],
  );
}

/** The oldest samples, at most `limit`; with the transaction they are gone. */
export async function takeMetricSamples(tx: Queryable, limit: number): Promise<MetricSample[]> {
  interface Row {
    tenant: string;
    agent_id: string;
    succeeded: boolean;
    latency_ms: number;
    cost_usd: string | null;
  }
  const { rows } = await tx.query<Row>(
    `delete from agents.metric_sample where id in (select id from agents.metric_sample order by id limit $1)
     returning tenant, agent_id, succeeded, latency_ms, cost_usd`,
    [limit],
  );
  return rows.map(({ tenant, agent_id, succeeded, latency_ms, cost_usd }) => ({
    tenant,
    agentId: agent_id,
    succeeded,
    latencyMs: latency_ms,
    cost: parseUsd(cost_usd ?? '0'),
  }));
}
