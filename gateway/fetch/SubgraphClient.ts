import type { GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../../subgraphs/shared/requestContext.js';
import type { SubgraphRequest } from '../../subgraphs/shared/Subgraph.js';

/** What goes with every call to a subgraph, and never to anybody else. */
export interface FetchContext {
  readonly request: RequestContext;
  /** Aborted when the client is gone or the deadline is over. */
  readonly signal: AbortSignal;
}

export interface SubgraphResponse {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLFormattedError[];
}

/**
 * One subgraph, wherever it runs. `request` rejects with SUBREQUEST_FAILED, SUBGRAPH_TIMEOUT or DEADLINE_EXCEEDED; what the subgraph
 * itself reports is in `errors`.
 */
export interface SubgraphClient {
  request(request: SubgraphRequest, context: FetchContext): Promise<SubgraphResponse>;
  close(): Promise<void>;
}
