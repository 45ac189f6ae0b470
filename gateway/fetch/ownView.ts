import { viewOf } from '../cache/viewOf.js';
import type { FetchContext } from './SubgraphClient.js';

/** Of a caller whom the subgraph is told: whatever it is told may change the answer, the id too. */
export function ownView({ request }: FetchContext): string {
  return viewOf(request.principal, true);
}
