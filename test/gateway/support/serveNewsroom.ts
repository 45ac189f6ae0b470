import { parse, validate } from 'graphql';
import { pino } from 'pino';
import type { Cache } from '../../../gateway/cache/Cache.js';
import { createCaching, NO_CACHING } from '../../../gateway/cache/createCaching.js';
import type { Freshness } from '../../../gateway/cache/Freshness.js';
import { NO_CATALOG, type Generations } from '../../../gateway/cache/generations.js';
import { createMemoryCache } from '../../../gateway/cache/memoryCache.js';
import { createCall } from '../../../gateway/context/createCall.js';
import { NO_DEMAND } from '../../../gateway/demand/createDemand.js';
import { createControl } from '../../../gateway/createControl.js';
import { isIncremental, parsed } from '../../../gateway/execution/Outcome.js';
import { selectOperation } from '../../../gateway/pipeline/selectOperation.js';
import { handleOperation } from '../../../gateway/pipeline/handleOperation.js';
import { createPlanner } from '../../../gateway/planner/createPlanner.js';
import { createMetrics } from '../../../gateway/telemetry/createMetrics.js';
import { ANONYMOUS, type Principal } from '../../../subgraphs/shared/principal.js';
import { makeNewsroom } from '../../support/newsroom.js';

export const READER: Principal = { ...ANONYMOUS, id: 'ada', kind: 'USER', tenant: 'north', roles: ['reader'], scopes: ['read'] };

/** The pipeline of a gateway over the newsroom, with a clock that a test moves. `requests` are those of the last operation. */
export function serveNewsroom(options: { cache?: Cache | null; generations?: Generations } = {}) {
  const newsroom = makeNewsroom();
  const { supergraph, clients, requests } = newsroom;
  let now = 1_000_000;
  const clock = (): number => now;
  const { cache = createMemoryCache({ clock }), generations = NO_CATALOG } = options;
  const metrics = createMetrics();
  const log = pino({ level: 'silent' });
  const control = createControl({ supergraph, clients, eventLog: null, metrics }, { internalKey: null, clock, log });
  const caching = cache ? createCaching({ cache, supergraph, generations, metrics, clock, toldHeaders: () => '' }) : NO_CACHING;
  const randomHex = (bytes: number): string => '0'.repeat(2 * bytes);
  const planner = createPlanner(supergraph);
  let recorded = 0;
  const govern: typeof control.govern = (...asked) => {
    const governed = control.govern(...asked);
    return { ...governed, record: (name) => (recorded++, governed.record(name)) };
  };
  const serving = {
    ...control,
    govern,
    generations,
    supergraph,
    planner,
    clients,
    eventLog: null,
    caching,
    demand: NO_DEMAND,
    sharing: null,
    metrics,
    clock,
    randomHex,
  };

  const ask = async (
    query: string,
    more: {
      principal?: Principal;
      variables?: Record<string, unknown>;
      operationName?: string;
      acceptsIncremental?: boolean;
    } = {},
  ) => {
    const { principal = READER, variables = {}, operationName, acceptsIncremental = false } = more;
    const document = parse(query);
    const problems = validate(supergraph.apiSchema, document);
    if (problems.length > 0) throw problems[0]!;
    const gone = new AbortController().signal;
    const call = createCall({ caller: { principal, expiresAt: null }, headers: {}, overGet: false, gone, clock, randomHex });
    requests.length = 0;
    try {
      const { apiSchema: schema } = supergraph;
      const operation = selectOperation({ schema, document, operationName, variables, acceptsIncremental });
      const answer = await handleOperation(serving, operation, call);
      const { data, errors } = parsed(isIncremental(answer) ? answer.initialResult : answer);
      return { data, errors, requests: [...requests], freshness: call.freshness() as Freshness | null };
    } finally {
      call.end();
    }
  };
  return { ...newsroom, ask, recorded: () => recorded, metrics, clock, advance: (ms: number) => void (now += ms) };
}
