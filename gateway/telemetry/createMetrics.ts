import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';

/** What the gateway counts. Labels come from small closed sets, never from callers' texts. */
export interface Metrics {
  operation(kind: string, outcome: 'ok' | 'partial' | 'failed', seconds: number): void;
  subgraphRequest(subgraph: string, outcome: 'ok' | 'failed', seconds: number): void;
  /** +1 when one has opened, -1 when it has ended. */
  subscriptions(change: 1 | -1): void;
  event(topic: string, outcome: 'sent' | 'denied' | 'failed'): void;
  decision(outcome: string): void;
  /** Values looked for in the cache, and those that could not be read or written in time. */
  cache(kind: 'response' | 'root' | 'entity', outcome: 'hit' | 'miss' | 'error', count: number): void;
  routedField(coordinate: string, outcome: 'routed' | 'refused'): void;
  /** Seconds; asked for at each scrape. Null: there is no snapshot. */
  observeSnapshotAge(age: () => number | null): void;
  /** The Prometheus text format. */
  text(): Promise<string>;
  close(): Promise<void>;
}

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
    ],
  });
  const meter = provider.getMeter('mesh-gateway');
  const operations = meter.createCounter('mesh_operations_total', { description: 'Operations answered' });
  const operationSeconds = meter.createHistogram('mesh_operation_duration_seconds', { description: 'From parsed to answered' });
  const requests = meter.createCounter('mesh_subgraph_requests_total', { description: 'Requests to subgraphs' });
  const requestSeconds = meter.createHistogram('mesh_subgraph_request_duration_seconds', {
    description: 'Of requests to subgraphs',
  });
  const active = meter.createUpDownCounter('mesh_active_subscriptions', { description: 'Subscriptions that are open' });
  const events = meter.createCounter('mesh_events_total', { description: 'Events for subscribers' });
  const decisions = meter.createCounter('mesh_decisions_total', { description: 'Governance decisions' });
  const routed = meter.createCounter('mesh_routed_fields_total', { description: 'Routed fields' });
  const cached = meter.createCounter('mesh_cache_total', { description: 'Values looked for in the cache, and failures of it' });
  active.add(0);

  return {
    operation: (kind, outcome, seconds) => {
      operations.add(1, { kind, outcome });
      operationSeconds.record(seconds, { kind });
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
    routedField: (coordinate, outcome) => routed.add(1, { coordinate, outcome }),
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
