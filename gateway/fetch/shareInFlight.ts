import { timeIsOver } from './FetchError.js';
import { isAborted } from './isAborted.js';
import { createInFlight, type Alike } from './inFlight.js';
import type { FetchContext, SubgraphCall, SubgraphClient, SubgraphResponse } from './SubgraphClient.js';

export interface SharingOptions {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** All of the caller and its headers that the subgraph is told and its answer may depend on, as text. */
  readonly viewOf: (context: FetchContext) => string;
}

/** Texts whose maps are kept while nothing of theirs is on the way: to make one costs more than all the rest of this. */
const KEPT_TEXTS = 1_000;

/**
 * Identical queries on the way at the same time are one request with one answer: the same text, variables and view. Never a mutation;
 * and what was asked before a mutation ended, or before an event was heard of, answers nobody who comes after it. Everybody waits as
 * long as his own deadline and signal say; the request ends when nobody waits any more.
 */
export function shareInFlight(client: SubgraphClient, { name, clock, viewOf }: SharingOptions): SubgraphClient {
  const toShared = (response: SubgraphResponse): SubgraphResponse =>
    response.isShared ? response : { ...response, isShared: true };
  const join = createInFlight<SubgraphResponse>({ name, clock, toShared });
  /** By the operation's text. */
  let flights = new Map<string, Alike<SubgraphResponse>>();

  const share = (call: SubgraphCall, context: FetchContext): Promise<SubgraphResponse> => {
    const view = viewOf(context);
    const key = view === '' && !context.after ? call.variables : `${call.variables}\n${context.after ?? ''}\n${view}`;
    return join(flightsOf(call.operation.query), key, context, (own) => client.request(call, own));
  };

  const flightsOf = (query: string): Alike<SubgraphResponse> => {
    let alike = flights.get(query);
    if (!alike) {
      if (flights.size >= KEPT_TEXTS) for (const [text, { size }] of flights) if (size === 0) flights.delete(text);
      flights.set(query, (alike = new Map()));
    }
    return alike;
  };

  return {
    request: (call, context) => {
      if (isAborted(context)) return Promise.reject(timeIsOver(name));
      if (call.operation.kind === 'query') return share(call, context);
      // Those on the way may have been answered before it, so nobody joins them any more.
      return client.request(call, context).finally(() => (flights = new Map()));
    },
    close: () => client.close(),
  };
}
