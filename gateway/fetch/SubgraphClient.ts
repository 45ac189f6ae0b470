import type { GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../../subgraphs/shared/requestContext.js';

/** What goes with every call to a subgraph, and never to anybody else. */
export interface FetchContext {
  readonly request: RequestContext;
  /** Aborted when the client is gone or the deadline is over. */
  readonly signal: AbortSignal;
}

/** A fetch as it goes to a subgraph: the operation is made once for a plan, the variables for each request. */
export interface SubgraphOperation {
  readonly query: string;
  readonly operationName?: string;
  readonly kind: 'query' | 'mutation';
}

export interface SubgraphCall {
  /** One object for as long as the operation is sent: what is made from its text is kept with it. */
  readonly operation: SubgraphOperation;
  /** A JSON object as text; `{}` when there are none. */
  readonly variables: string;
}

export interface SubgraphResponse {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly GraphQLFormattedError[];
  /** Set when somebody else holds the same objects: whoever wants to change them copies them. */
  readonly isShared?: true;
  /** Set when the text had no backslash, so that no string in it has anything that JSON escapes. */
  readonly isPlain?: true;
}

/**
 * One subgraph, wherever it runs. `request` rejects with SUBREQUEST_FAILED, SUBGRAPH_TIMEOUT or DEADLINE_EXCEEDED; what the subgraph
 * itself reports is in `errors`.
 */
export interface SubgraphClient {
  request(call: SubgraphCall, context: FetchContext): Promise<SubgraphResponse>;
  close(): Promise<void>;
}
