import { SpanKind } from '@opentelemetry/api';
import { withSpan, type OpenSpan } from '../../subgraphs/shared/telemetry/withSpan.js';

/**
 * The span of one operation of a client, from its arrival to its answer; named when the operation is known. It continues the client's trace
 * (`traceparent`), and whether that is kept is then the client's decision.
 */
export function traceOperation<T>(traceparent: string | string[] | undefined, work: (span: OpenSpan) => T): T {
  const from = typeof traceparent === 'string' ? traceparent : null;
  return withSpan('GraphQL Operation', { kind: SpanKind.SERVER, from }, work);
}
