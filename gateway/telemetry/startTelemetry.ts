import { trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { useTracer } from '../../subgraphs/shared/telemetry/tracer.js';
import type { TelemetryConfig } from '../config/readConfig.js';

export interface Telemetry {
  /** Sends what waits, for 3 s at most. Never rejects. */
  close(): Promise<void>;
}

/** Spans that wait for the collector at most; more are dropped. */
const QUEUE = 2_048;
const BATCH = 512;
const SEND_EVERY_MS = 1_000;
const SEND_TIMEOUT_MS = 5_000;
const CLOSE_MS = 3_000;
const COMPLAIN_EVERY_MS = 60_000;

/**
 * Exports traces from now on, when the settings say where to; called before anything that is traced is built. The SDK, which takes a third
 * of a second to load, is loaded only then.
 *
 * OTLP over HTTP as JSON: every receiver takes it, and what is sent can be read by people and by tests. A collector that is slow or
 * away costs a bounded queue and a line in the log each minute; spans that do not fit are dropped. Nothing is detected of the machine: host
 * names and command lines are nobody's business, and OTEL_RESOURCE_ATTRIBUTES adds what operators want to tell.
 */
export async function startTelemetry(config: TelemetryConfig | null, serviceName: string, log: Logger): Promise<Telemetry> {
  if (!config) return { close: async () => undefined };
  const { core, NodeSDK, resources, tracing } = await import('@opentelemetry/sdk-node');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  core.setGlobalErrorHandler(complain(log));
  const exporter = new OTLPTraceExporter({ url: `${config.endpoint}/v1/traces`, timeoutMillis: SEND_TIMEOUT_MS });
  const processor = new tracing.BatchSpanProcessor(exporter, {
    maxQueueSize: QUEUE,
    maxExportBatchSize: BATCH,
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: SEND_TIMEOUT_MS,
  });
  const sdk = new NodeSDK({
    resource: resources.emptyResource(),
    resourceDetectors: [resources.envDetector],
    serviceName: config.serviceName ?? serviceName,
    sampler: new tracing.ParentBasedSampler({ root: new tracing.TraceIdRatioBasedSampler(config.sampleRatio) }),
    spanProcessors: [processor],
    // Metrics are read at /metrics, logs go to standard error.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  useTracer(trace.getTracer('agent-mesh'));
  return {
    close: async () => {
      useTracer(undefined);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
      // A collector that is away rejects; there is nobody left to tell.
      await Promise.race([sdk.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

function complain(log: Logger): (error: unknown) => void {
  let quietUntil = 0;
  return (error) => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + COMPLAIN_EVERY_MS;
    const reason = error instanceof Error ? ((error as { code?: string }).code ?? error.name) : 'unknown';
    log.warn({ reason }, 'traces could not be sent to OTEL_EXPORTER_OTLP_ENDPOINT; some are lost');
  };
}
