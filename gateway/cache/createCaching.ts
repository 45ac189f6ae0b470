import { createHash } from 'node:crypto';
import { print, type DocumentNode } from 'graphql';
import { canonicalJson } from '../../subgraphs/shared/canonicalJson.js';
import type { Principal } from '../../subgraphs/shared/principal.js';
import type { FetchCache } from '../execution/FetchCache.js';
import { printed, type OperationResult, type Outcome, type PrintedResult } from '../execution/Outcome.js';
import type { FetchContext } from '../fetch/SubgraphClient.js';
import type { ToldHeaders } from '../fetch/toldHeaders.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { OperationPlan } from '../planner/OperationPlan.js';
import type { Metrics } from '../telemetry/createMetrics.js';
import type { Cache } from './Cache.js';
import { NEVER, type CachePolicy } from './CachePolicy.js';
import { createCachePolicies } from './createCachePolicies.js';
import { createFetchCache } from './createFetchCache.js';
import { createKeptValues } from './createKeptValues.js';
import { fetchesOf } from './fetchesOf.js';
import type { Freshness } from './Freshness.js';
import type { Generations } from './generations.js';
import { viewOf } from './viewOf.js';

interface Parts {
  readonly cache: Cache;
  readonly supergraph: Supergraph;
  readonly generations: Generations;
  readonly metrics: Metrics;
  readonly clock: () => number;
  readonly toldHeaders: ToldHeaders;
}

/** A governed and planned operation. */
export interface Asked {
  readonly document: DocumentNode;
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly coerced: Readonly<Record<string, unknown>>;
  readonly governed: { readonly document: DocumentNode; readonly denied: readonly unknown[] };
  readonly plan: OperationPlan;
  readonly principal: Principal;
  /** Of the request. */
  readonly headers: FetchContext['headers'];
}

export interface Answered {
  readonly result: PrintedResult;
  /** Null: nobody may keep it. */
  readonly freshness: Freshness | null;
}

const NOTHING = printed('null').bytes;

type Asker = Pick<Asked, 'principal' | 'headers'>;

/** The caches of one supergraph: of whole answers, and of what fetches bring. */
export interface Caching {
  /** The answer as it is kept, or what `compute` makes, which is kept when it may be. Rejects as `compute` does, and never for the cache's sake. */
  answer(asked: Asked, compute: (fetches: FetchCache | null) => Promise<Outcome>): Promise<Answered>;
  /** What `compute` makes for an event of a subscription; only its fetches may be kept. */
  resolve(asker: Asker, compute: (fetches: FetchCache | null) => Promise<Outcome>): Promise<OperationResult>;
}

/** For MESH_CACHE=off. */
export const NO_CACHING: Caching = {
  answer: async (_, compute) => ({ result: (await compute(null)).print(), freshness: null }),
  resolve: async (_, compute) => (await compute(null)).shape(),
};

/**
 * Keeps answers to queries: never those with an error, a denial or a routed field in them, and under a key of all that can change one:
 * the operation as asked and as governance left it, its variables, the supergraph, the caller's view and told headers, and the generations of the subgraphs
 * that it reads. The caller has governed before, so that a kept answer is decided about and put on record like any other.
 */
export function createCaching({ cache, supergraph, generations, metrics, clock, toldHeaders }: Parts): Caching {
  const kept = createKeptValues(cache, metrics, clock);
  const policies = createCachePolicies(supergraph);
  const parts = { kept, generations, supergraphVersion: supergraph.version, policyOf: policies.ofFetch, clock };

  const keyOf = ({ document, variables, governed, plan, coerced, principal, headers }: Asked, policy: CachePolicy) => {
    const generation = generations.of([...new Set(fetchesOf(plan, coerced).map(({ serviceName }) => serviceName))]);
    if (generation === null) return null;
    const operation = [textOf(document), textOf(governed.document)];
    const view = [viewOf(principal, policy.isPrivate), toldHeaders(headers)];
    const all = canonicalJson(['response', supergraph.version, operation, variables, view, generation]);
    return createHash('sha256').update(all).digest('base64url');
  };

  return {
    answer: async (asked, compute) => {
      const { plan, coerced, governed, principal } = asked;
      if (plan.kind !== 'query') {
        try {
          return { result: (await compute(null)).print(), freshness: null };
        } finally {
          // Also when it has failed: a part of it may have been done.
          generations.wrote(changedBy(plan, coerced));
        }
      }
      const fetches = createFetchCache(parts, principal, toldHeaders(asked.headers));
      const policy = plan.routed.length > 0 || governed.denied.length > 0 ? NEVER : policies.ofOperation(asked);
      const key = policy.maxAge ? keyOf(asked, policy) : null;
      const isPrivate = policy.isPrivate || principal.kind !== 'ANONYMOUS';
      if (key !== null) {
        const [found] = await kept.read('response', [key]);
        if (found) return { result: { bytes: Buffer.from(found.json) }, freshness: { until: found.until, isPrivate } };
      }
      const askedAt = clock();
      const result = (await compute(fetches)).print();
      if (isSound(result)) fetches.keep();
      if (key === null || result.errors || result.bytes.equals(NOTHING)) return { result, freshness: null };
      const until = Math.min(askedAt + policy.maxAge! * 1000, fetches.until());
      kept.write('response', [{ key, json: result.bytes.toString('utf8'), until }]);
      return { result, freshness: { until, isPrivate } };
    },
    resolve: async ({ principal, headers }, compute) => {
      const fetches = createFetchCache(parts, principal, toldHeaders(headers));
      const result = (await compute(fetches)).shape();
      if (isSound(result)) fetches.keep();
      return result;
    },
  };
}

/** The subgraphs whose catalog a mutation may have changed. Routed fields leave it as it is. */
function changedBy(plan: OperationPlan, variables: Readonly<Record<string, unknown>>): string[] {
  const segments = plan.segments.filter(({ routed }) => !routed);
  return fetchesOf({ ...plan, segments }, variables).flatMap(({ serviceName, requires }) => (requires ? [] : [serviceName]));
}

/** What does not fit the schema shows only when the whole answer is shaped; no part of such an answer is worth keeping. */
function isSound({ errors }: Pick<PrintedResult, 'errors'>): boolean {
  return !errors?.some(({ extensions }) => extensions?.['code'] === 'INVALID_SUBGRAPH_DATA');
}

const texts = new WeakMap<DocumentNode, string>();

function textOf(document: DocumentNode): string {
  let text = texts.get(document);
  if (text === undefined) texts.set(document, (text = print(document)));
  return text;
}
