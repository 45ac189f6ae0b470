import type { Logger } from 'pino';
import type { Sharing } from '../config/readConfig.js';
import type { SubgraphSettings } from '../config/subgraphsConfig.js';
import { httpClient } from './httpClient.js';
import type { AnswerReader } from './knownAnswers.js';
import { ownView } from './ownView.js';
import { propagateHeaders } from './propagateHeaders.js';
import { withBreaker } from './resilience/withBreaker.js';
import { withHedging } from './resilience/withHedging.js';
import { withRetries, type Chance } from './resilience/withRetries.js';
import type { FetchContext, SubgraphClient } from './SubgraphClient.js';

export interface SubgraphClientOptions extends Chance {
  readonly name: string;
  readonly url: string;
  /** Only subgraphs of the mesh are told who the caller is, by a signed header; they get no header by a rule. */
  readonly sign?: (body: string, context: FetchContext) => Promise<Record<string, string>>;
  readonly settings: SubgraphSettings;
  readonly sharing: Sharing;
  /** One for all subgraphs, so that it bounds what is kept of all. Not used when nothing is shared. */
  readonly read: AnswerReader;
  readonly log: Logger;
}

/**
 * A subgraph over HTTP with everything that was settled about it, from the outside in: retries, hedging, breaker, bulkhead, timeout. What is not configured is not there.
 */
export function createSubgraphClient(options: SubgraphClientOptions): SubgraphClient {
  const { name, url, sign, settings, sharing, read, clock, random, log } = options;
  const { breaker, retry, hedge, ca, headers, ...limits } = settings;
  const propagate = sign || headers.length === 0 ? null : propagateHeaders(headers);
  let client = httpClient({
    name,
    url,
    clock,
    log,
    ...limits,
    ...(ca !== null && { ca }),
    ...(sign && { sign }),
    ...(propagate && { propagate }),
    ...(sharing !== 'off' && { read }),
  });
  if (breaker) client = withBreaker(client, name, breaker);
  if (hedge) client = withHedging(client, hedge);
  if (retry) client = withRetries(client, retry, { clock, random });
  const view = sign ? ownView : propagate ? (context: FetchContext) => JSON.stringify(propagate(context)) : () => '';
  return { viewOf: view, request: (call, context) => client.request(call, context), close: () => client.close() };
}
