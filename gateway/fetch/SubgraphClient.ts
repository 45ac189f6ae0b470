import type { GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../../subgraphs/shared/requestContext.js';

/** What goes with every call to a subgraph, and never to anybody else. */
export interface FetchContext {
  readonly request: RequestContext;
  /** Aborted when the client is gone or the deadline is over. */
  readonly signal: AbortSignal;
  /** Says what `signal.aborted` says where no signal is made before somebody wants it. Left out: there is one. */
  readonly isAborted?: () => boolean;
  /** Those of the client's request, names in lower case. A foreign subgraph gets what its rules name, and no other anything. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  /** The cursor of an event that what answers must have heard of: nothing that was asked before it was heard answers it. */
  readonly after?: string | null;
}

/** A fetch as it goes to a subgraph: the operation is made once for a plan, the variables for each request. */
export interface SubgraphOperation {
  readonly query: string;
  readonly operationName?: string;
  /** `mutation` for whatever has effects, a query with a routed field too: it is never shared, repeated or hedged. */
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
  /** Set when the subgraph says that it did not do the work. */
  readonly refusal?: Refusal;
}

/** HTTP 502, 503 or 504. */
export interface Refusal {
  /** Milliseconds after which the subgraph wants to be asked again. Null: it does not say. */
  readonly retryAfterMs: number | null;
}

/**
 * One subgraph, wherever it runs. `request` rejects with SUBREQUEST_FAILED, SUBGRAPH_TIMEOUT, SUBGRAPH_UNAVAILABLE, TOO_BUSY or
 * DEADLINE_EXCEEDED; what the subgraph itself reports is in `errors`.
 */
export interface SubgraphClient {
  /** All of the caller that the subgraph is told, and its answers may depend on, as text. Left out: no two calls are the same. */
  viewOf?(context: FetchContext): string;
  request(call: SubgraphCall, context: FetchContext): Promise<SubgraphResponse>;
  close(): Promise<void>;
}
