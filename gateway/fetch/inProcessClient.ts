import type { Subgraph } from '../../subgraphs/shared/Subgraph.js';
import { MeshError } from '../errors.js';
import type { SubgraphClient, SubgraphResponse } from './SubgraphClient.js';

/** A subgraph in this process: a plain call, so nothing has to be signed. Rejects with DEADLINE_EXCEEDED. The subgraph is the caller's to close. */
export function inProcessClient(subgraph: Pick<Subgraph, 'execute'>): SubgraphClient {
  return {
    request: async (request, { request: context, signal }) => {
      const { data, errors } = await unlessAborted(subgraph.execute(request, context), signal);
      const response: SubgraphResponse = { data: (data ?? null) as Record<string, unknown> | null };
      return errors ? { ...response, errors: errors.map((error) => error.toJSON()) } : response;
    },
    close: async () => undefined,
  };
}

/** The subgraph's work goes on, as it would in another process; only the waiting ends. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new MeshError('DEADLINE_EXCEEDED', 'The time of the operation was over.'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
