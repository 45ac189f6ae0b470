import { SpanKind } from '@opentelemetry/api';
import { currentTraceparent, withSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import { tracer } from '../../subgraphs/shared/telemetry/tracer.js';
import type { FetchContext, SubgraphCall, SubgraphClient, SubgraphResponse } from '../fetch/SubgraphClient.js';
import type { Metrics } from './createMetrics.js';

/** Counts, times and traces the requests to one subgraph. A request has failed when there is no answer; errors inside an answer are the subgraph's. */
export function measureClient(name: string, client: SubgraphClient, metrics: Metrics): SubgraphClient {
  const attributes = { 'mesh.subgraph': name };
  const traced = (call: SubgraphCall, context: FetchContext): Promise<SubgraphResponse> =>
    withSpan(`fetch ${name}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
      const answer = await client.request(call, continued(context));
      const [error] = answer.errors ?? [];
      if (error) span.failed(String(error.extensions?.['code'] ?? 'SUBREQUEST_FAILED'));
      return answer;
    });
  return {
    request: async (call, context) => {
      const started = performance.now();
      let outcome: 'ok' | 'failed' = 'failed';
      try {
        const response = tracer() ? await traced(call, context) : await client.request(call, context);
        outcome = 'ok';
        return response;
      } finally {
        metrics.subgraphRequest(name, outcome, (performance.now() - started) / 1000);
      }
    },
    close: () => client.close(),
  };
}

/** The subgraph goes on from the fetch's own span. */
function continued(context: FetchContext): FetchContext {
  const traceparent = currentTraceparent();
  if (traceparent === undefined) return context;
  const { request, headers, after } = context;
  // One by one: a context may be an object that makes its signal when it is asked for it.
  return {
    request: { ...request, traceparent },
    signal: context.signal,
    ...(headers && { headers }),
    ...(after !== undefined && { after }),
  };
}
