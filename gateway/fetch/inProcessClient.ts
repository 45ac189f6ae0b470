import type { Subgraph } from '../../subgraphs/shared/Subgraph.js';
import { ownView } from './ownView.js';
import { unlessAborted } from '../../subgraphs/shared/unlessAborted.js';
import { MeshError } from '../errors.js';
import type { SubgraphClient, SubgraphResponse } from './SubgraphClient.js';

/** A subgraph in this process: a plain call, so nothing has to be signed. Rejects with DEADLINE_EXCEEDED. The subgraph is the caller's to close. */
export function inProcessClient(subgraph: Pick<Subgraph, 'execute'>): SubgraphClient {
  return {
    viewOf: ownView,
    request: async ({ operation: { query, operationName }, variables }, { request: context, signal }) => {
      const request = {
        query,
        variables: JSON.parse(variables) as Record<string, unknown>,
        ...(operationName !== undefined && { operationName }),
      };
      const { data, errors } = await unlessAborted(subgraph.execute(request, context), signal, timeIsOver);
      const response: SubgraphResponse = { data: (data ?? null) as Record<string, unknown> | null };
      return errors ? { ...response, errors: errors.map((error) => error.toJSON()) } : response;
    },
    close: async () => undefined,
  };
}

function timeIsOver(): MeshError {
  return new MeshError('DEADLINE_EXCEEDED', 'The time of the operation was over.');
}
