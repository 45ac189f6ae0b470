import type { FetchContext } from './SubgraphClient.js';

/** What the context's signal says, without having one made. */
export function isAborted(context: FetchContext): boolean {
  return context.isAborted ? context.isAborted() : context.signal.aborted;
}
