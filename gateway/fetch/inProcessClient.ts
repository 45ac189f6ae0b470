import type { Subgraph } from '../../subgraphs/shared/Subgraph.js';
import type { SubgraphClient, SubgraphResponse } from './SubgraphClient.js';

/** A subgraph in this process: a plain call, so nothing has to be signed. The subgraph is the caller's to close. */
export function inProcessClient(subgraph: Pick<Subgraph, 'execute'>): SubgraphClient {
  return {
    request: async (request, { request: context }) => {
      const { data, errors } = await subgraph.execute(request, context);
      const response: SubgraphResponse = { data: (data ?? null) as Record<string, unknown> | null };
      return errors ? { ...response, errors: errors.map((error) => error.toJSON()) } : response;
    },
    close: async () => undefined,
  };
}
