import { SpanKind, type Attributes } from '@opentelemetry/api';
import type { MeshEvent } from '../events.js';
import { isSampled, parseTraceparent } from './traceparent.js';
import { tracer } from './tracer.js';
import { withSpan } from './withSpan.js';

/** https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
export interface Messaging {
  readonly operation: 'send' | 'process';
  readonly topic: string;
  /** `kafka`, or `agent_mesh` for the event log in the database. */
  readonly system: string;
  /** Of who processes. */
  readonly group?: string;
}

const MAX_LINKS = 128;

/**
 * Sends or handles a batch of events inside a span. The batch continues the trace that its events come from; when several that are kept
 * come together it is in a trace of its own, with a link to each.
 */
export function withBatchSpan<T>(
  { operation, topic, system, group }: Messaging,
  events: readonly MeshEvent[],
  work: () => Promise<T>,
): Promise<T> {
  const origin = tracer() && originOf(events);
  if (!origin) return work();
  const attributes: Attributes = {
    'messaging.system': system,
    'messaging.destination.name': topic,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.batch.message_count': events.length,
    ...(group !== undefined && { 'messaging.consumer.group.name': group }),
  };
  const kind = operation === 'send' ? SpanKind.PRODUCER : SpanKind.CONSUMER;
  return withSpan(`${operation} ${topic}`, { kind, attributes, ...origin }, work);
}

/** Undefined: the events come from nowhere. */
function originOf(events: readonly MeshEvent[]): { from: string | null; links: string[] } | undefined {
  const traces = new Map<string, { traceparent: string; kept: boolean }>();
  for (const { traceparent } of events) {
    const parsed = traceparent === undefined ? null : parseTraceparent(traceparent);
    if (parsed && !traces.has(parsed.traceId)) traces.set(parsed.traceId, { traceparent: traceparent!, kept: isSampled(parsed) });
  }
  const kept = [...traces.values()].filter((each) => each.kept);
  if (kept.length > 1) return { from: null, links: kept.slice(0, MAX_LINKS).map(({ traceparent }) => traceparent) };
  const only = kept[0] ?? (traces.size === 1 ? [...traces.values()][0] : undefined);
  return only && { from: only.traceparent, links: [] };
}
