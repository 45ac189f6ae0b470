import type { FetchContext } from '../../gateway/fetch/SubgraphClient.js';
import { ANONYMOUS } from '../../subgraphs/shared/principal.js';

export function anonymousContext(signal: AbortSignal = new AbortController().signal): FetchContext {
  return { request: { principal: ANONYMOUS, operationId: 'test', deadlineAt: Number.MAX_SAFE_INTEGER }, signal };
}
