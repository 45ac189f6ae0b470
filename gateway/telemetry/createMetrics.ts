import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Usage } from '../../subgraphs/shared/pricing.js';
import { createWorkLabels, type Work } from './workLabels.js';

/** What the gateway counts. Labels come from small closed sets, never from callers' texts. */
export interface Metrics {
  operation(kind: string, outcome: 'ok' | 'partial' | 'failed', seconds: number): void;
  /** To /graphql, whatever became of it: those that are not understood or not allowed are no operations yet. */
  httpRequest(method: string, status: number, seconds: number): void;
  subgraphRequest(subgraph: string, outcome: 'ok' | 'failed', seconds: number): void;
  /** +1 when one has opened, -1 when it has ended. */
  subscriptions(change: 1 | -1): void;
  event(topic: string, outcome: 'sent' | 'denied' | 'failed'): void;
  decision(outcome: string): void;
  /** Values looked for in the cache, and those that could not be read or written in time. */
  cache(kind: 'response' | 'root' | 'entity', outcome: 'hit' | 'miss' | 'error', count: number): void;
  /** What an operation is thought to cost, before it is run, and what was said about that. */
  estimatedCost(kind: string, cost: number, outcome: 'ok' | 'too_expensive' | 'slicing_argument'): void;
  /** What its answer came to. */
  actualCost(kind: string, cost: number, outcome: 'ok' | 'too_expensive'): void;
  routedField(coordinate: string, outcome: 'routed' | 'refused'): void;
  /** Null: it was skipped and took no time. */
  attempt(work: Work, outcome: string, seconds: number | null): void;
  /** `usd` is a float and good for graphs only. */
  usage(work: Work, tokens: Usage, usd: number): void;
  /** Seconds; asked for at each scrape. Null: there is no snapshot. */
  observeSnapshotAge(age: () => number | null): void;
  /** The Prometheus text format. */
  text(): Promise<string>;
  close(): Promise<void>;
}

/** Combinations of agent, model and task class. Times five outcomes they stay below 2,000, where OpenTelemetry begins to fold series. */
const MAX_WORK = 200;
const COSTS = [0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000, 1_000_000];
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** OpenTelemetry instruments read by Prometheus over the gateway's own port; no other port is opened, no host name is told. */
export function createMetrics(): Metrics {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer('', false, undefined, true, true);
  const provider = new MeterProvider({
    resource: emptyResource(),
    readers: [reader],
    views: [
      {
        instrumentName: '*_duration_seconds',
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: SECONDS } },
      },
      {
        instrumentName: 'mesh_operation_cost_*',
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: COSTS } },
      },
    ],
  });
  const meter = provider.getMeter('mesh-gateway');
  const operations = meter.createCounter('mesh_operations_total', { description: 'Operations answered' });
  const operationSeconds = meter.createHistogram('mesh_operation_duration_seconds', { description: 'From parsed to answered' });
  const httpRequests = meter.createCounter('mesh_http_requests_total', { description: 'Requests to /graphql' });
  const httpSeconds = meter.createHistogram('mesh_http_request_duration_seconds', { description: 'From received to answered' });
  const requests = meter.createCounter('mesh_subgraph_requests_total', { description: 'Requests to subgraphs' });
  const requestSeconds = meter.createHistogram('mesh_subgraph_request_duration_seconds', {
    description: 'Of requests to subgraphs',
  });
  const active = meter.createUpDownCounter('mesh_active_subscriptions', { description: 'Subscriptions that are open' });
  const events = meter.createCounter('mesh_events_total', { description: 'Events for subscribers' });
  const decisions = meter.createCounter('mesh_decisions_total', { description: 'Governance decisions' });
  const routed = meter.createCounter('mesh_routed_fields_total', { description: 'Routed fields' });
  const attempts = meter.createCounter('mesh_attempts_total', { description: 'Attempts of agents at tasks' });
  const attemptSeconds = meter.createHistogram('mesh_attempt_duration_seconds', {
    description: 'Of attempts that were not skipped',
  });
  const usd = meter.createCounter('mesh_cost_usd_total', { description: 'Cost of attempts; a float, the ledger has it exactly' });
  const tokens = meter.createCounter('mesh_tokens_total', { description: 'Tokens by kind; cached ones are not among the input' });
  const labelsOf = createWorkLabels(MAX_WORK);
  const cached = meter.createCounter('mesh_cache_total', { description: 'Values looked for in the cache, and failures of it' });
  // They count by outcome, too: a counter beside each would double the microsecond that one takes.
  const estimatedCosts = meter.createHistogram('mesh_operation_cost_estimated', { description: 'By @cost and @listSize' });
  const actualCosts = meter.createHistogram('mesh_operation_cost_actual', { description: 'Of answers, by @cost' });
  active.add(0);

  return {
    operation: (kind, outcome, seconds) => {
      operations.add(1, { kind, outcome });
      operationSeconds.record(seconds, { kind });
    },
    httpRequest: (method, status, seconds) => {
      httpRequests.add(1, { method, status: String(status) });
      httpSeconds.record(seconds, { method });
    },
    subgraphRequest: (subgraph, outcome, seconds) => {
      requests.add(1, { subgraph, outcome });
      requestSeconds.record(seconds, { subgraph });
    },
    subscriptions: (change) => active.add(change),
    event: (topic, outcome) => events.add(1, { topic, outcome }),
    decision: (outcome) => decisions.add(1, { outcome }),
    cache: (kind, outcome, count) => {
      if (count > 0) cached.add(count, { kind, outcome });
    },
    estimatedCost: (kind, cost, outcome) => estimatedCosts.record(cost, { kind, outcome }),
    actualCost: (kind, cost, outcome) => actualCosts.record(cost, { kind, outcome }),
    routedField: (coordinate, outcome) => routed.add(1, { coordinate, outcome }),
    attempt: (work, outcome, seconds) => {
      const labels = labelsOf(work);
      attempts.add(1, { ...labels, outcome });
      if (seconds !== null) attemptSeconds.record(seconds, labels);
    },
    usage: (work, { inputTokens, cachedInputTokens, outputTokens }, cost) => {
      const labels = labelsOf(work);
      usd.add(cost, labels);
      tokens.add(inputTokens - cachedInputTokens, { ...labels, kind: 'input' });
      tokens.add(cachedInputTokens, { ...labels, kind: 'cached_input' });
      tokens.add(outputTokens, { ...labels, kind: 'output' });
    },
    observeSnapshotAge: (age) =>
      meter
        .createObservableGauge('mesh_snapshot_age_seconds', { description: 'Since the snapshot was current' })
        .addCallback((result) => {
          const seconds = age();
          if (seconds !== null && Number.isFinite(seconds)) result.observe(seconds);
        }),
    text: async () => serializer.serialize((await reader.collect()).resourceMetrics),
    close: () => provider.shutdown(),
  };
}
