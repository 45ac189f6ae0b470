import type { Queryable } from '../../shared/database/Database.js';
import { countOf, EMPTY_SKETCH, mergeSketches, quantile, sketchOf, type DurationSketch } from '../../shared/durationSketch.js';
import type { MetricsEventData } from '../../shared/events.js';
import { formatUsd, type PicoUsd } from '../../shared/money.js';
import { newEvent, publish } from '../../shared/outbox.js';
import { takeMetricSamples, type MetricSample } from './metricSamples.js';

const BATCH = 1_000;

/**
 * Closes the window that ends at `endMs`, a multiple of its length, and publishes it: one `metrics.window` event for each agent that
 * has something to tell. Samples are deleted and events stored in one transaction, so every attempt is in exactly one window, whichever
 * process closes it and whatever dies in between. An attempt belongs to the window in which it was put on record.
 *
 * Once `hasTime` says no, what is left goes into the next window: a transaction that took too long would be rolled back, and the next
 * one would have even more to do.
 *
 * An agent with nothing to tell is told of once, with an empty window, and then no more until it works again.
 * Resolves to the number of events. 0 also when another process has closed this window already.
 */
export async function closeWindow(
  tx: Queryable,
  { endMs, windowSeconds, hasTime }: { endMs: number; windowSeconds: number; hasTime: () => boolean },
): Promise<number> {
  const seconds = await claimWindow(tx, endMs, windowSeconds);
  if (seconds === null) return 0;
  const tallies = await tallySamples(tx, hasTime);
  const lines = await readLines(tx);
  const silent = await readActive(tx);
  const agents = new Map<string, string>([...silent, ...tallies, ...lines].map(([agentId, { tenant }]) => [agentId, tenant]));
  if (agents.size === 0) return 0;
  for (const [agentId, tenant] of agents) {
    const data = windowOf({ tenant, agentId, seconds, tally: tallies.get(agentId), line: lines.get(agentId) });
    await publish(tx, 'agents', newEvent('metrics.window', agentId, data, { subgraph: 'agents', nowMs: endMs }));
  }
  await replaceActive(
    tx,
    [...agents].filter(([agentId]) => tallies.has(agentId) || lines.has(agentId)),
  );
  return agents.size;
}

/** Seconds since the window before was closed, which is one length unless nobody could close it in time. Null: this one is closed. */
async function claimWindow(tx: Queryable, endMs: number, windowSeconds: number): Promise<number | null> {
  const first = new Date(endMs - windowSeconds * 1000);
  await tx.query(`insert into agents.metric_window (closed_at) values ($1) on conflict do nothing`, [first]);
  const { rows } = await tx.query<{ closed_at: Date }>('select closed_at from agents.metric_window for update');
  const closedMs = rows[0]!.closed_at.getTime();
  if (closedMs >= endMs) return null;
  await tx.query('update agents.metric_window set closed_at = $1', [new Date(endMs)]);
  return Math.round((endMs - closedMs) / 1000);
}

interface Tally {
  readonly tenant: string;
  readonly succeeded: number;
  readonly cost: PicoUsd;
  readonly sketch: DurationSketch;
}

async function tallySamples(tx: Queryable, hasTime: () => boolean): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for (let more = true; more;) {
    const samples = await takeMetricSamples(tx, BATCH);
    for (const [agentId, taken] of groupByAgent(samples)) {
      const before = tallies.get(agentId);
      tallies.set(agentId, {
        tenant: taken[0]!.tenant,
        succeeded: taken.reduce((sum, { succeeded }) => sum + (succeeded ? 1 : 0), before?.succeeded ?? 0),
        cost: taken.reduce((sum, { cost }) => sum + cost, before?.cost ?? 0n),
        sketch: mergeSketches([before?.sketch ?? EMPTY_SKETCH, sketchOf(taken.map(({ latencyMs }) => latencyMs))]),
      });
    }
    more = samples.length === BATCH && hasTime();
  }
  return tallies;
}

function groupByAgent(samples: readonly MetricSample[]): Map<string, MetricSample[]> {
  const groups = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.agentId);
    if (group) group.push(sample);
    else groups.set(sample.agentId, [sample]);
  }
  return groups;
}

interface Line {
  readonly tenant: string;
  readonly queued: number;
  readonly running: number;
}

/** The open tasks of each agent. A waiting task counts for the agent that its route names first. */
async function readLines(tx: Queryable): Promise<Map<string, Line>> {
  const { rows } = await tx.query<Line & { agentId: string }>(
    `select agent_id as "agentId", min(tenant) as tenant, (count(*) filter (where status = 'QUEUED'))::int as queued,
       (count(*) filter (where status = 'RUNNING'))::int as running
     from agents.task where status in ('QUEUED', 'RUNNING') and agent_id is not null group by agent_id`,
  );
  return new Map(rows.map(({ agentId, ...line }) => [agentId, line]));
}

async function readActive(tx: Queryable): Promise<Map<string, { tenant: string }>> {
  const { rows } = await tx.query<{ agent_id: string; tenant: string }>('select agent_id, tenant from agents.metric_active');
  return new Map(rows.map(({ agent_id, tenant }) => [agent_id, { tenant }]));
}

async function replaceActive(tx: Queryable, active: readonly (readonly [agentId: string, tenant: string])[]): Promise<void> {
  const ids = active.map(([agentId]) => agentId);
  await tx.query('delete from agents.metric_active where agent_id <> all($1::text[])', [ids]);
  await tx.query(
    `insert into agents.metric_active (agent_id, tenant) select * from unnest($1::text[], $2::text[]) on conflict do nothing`,
    [ids, active.map(([, tenant]) => tenant)],
  );
}

function windowOf(window: {
  tenant: string;
  agentId: string;
  seconds: number;
  tally: Tally | undefined;
  line: Line | undefined;
}): MetricsEventData {
  const { tenant, agentId, seconds, tally, line } = window;
  const sketch = tally?.sketch ?? EMPTY_SKETCH;
  return {
    tenant,
    agentId,
    windowSeconds: seconds,
    requests: countOf(sketch),
    succeeded: tally?.succeeded ?? 0,
    costUsd: formatUsd(tally?.cost ?? 0n),
    sketch,
    p50Ms: quantile(sketch, 0.5),
    p95Ms: quantile(sketch, 0.95),
    p99Ms: quantile(sketch, 0.99),
    queueDepth: line?.queued ?? 0,
    inFlight: line?.running ?? 0,
  };
}
