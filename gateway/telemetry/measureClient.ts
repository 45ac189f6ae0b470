import type { SubgraphClient } from '../fetch/SubgraphClient.js';
import type { Metrics } from './createMetrics.js';

/** Counts and times the requests to one subgraph. A request has failed when there is no answer; errors inside an answer are the subgraph's. */
export function measureClient(name: string, client: SubgraphClient, metrics: Metrics): SubgraphClient {
  return {
    request: async (request, context) => {
      const started = performance.now();
      let outcome: 'ok' | 'failed' = 'failed';
      try {
        const response = await client.request(request, context);
        outcome = 'ok';
        return response;
      } finally {
        metrics.subgraphRequest(name, outcome, (performance.now() - started) / 1000);
      }
    },
    close: () => client.close(),
  };
}
