import { createHash } from 'node:crypto';
import { canonicalJson } from '../../subgraphs/shared/canonicalJson.js';
import type { Principal } from '../../subgraphs/shared/principal.js';
import type { FetchCache } from '../execution/FetchCache.js';
import { isObject, type JsonObject } from '../execution/Target.js';
import type { FetchNode } from '../planner/federation.js';
import type { CachePolicy } from './CachePolicy.js';
import type { KeptValues } from './createKeptValues.js';
import type { Generations } from './generations.js';
import { viewOf } from './viewOf.js';

interface Parts {
  readonly kept: KeptValues;
  readonly generations: Pick<Generations, 'of'>;
  readonly supergraphVersion: string;
  readonly policyOf: (node: FetchNode, variables: Readonly<JsonObject>) => CachePolicy;
  readonly clock: () => number;
}

/** The fetch cache of one operation. What its fetches brought is kept only once the operation says so. */
export interface OperationFetches extends FetchCache {
  /** Epoch milliseconds: the earliest time at which something that was read from the cache no longer holds. Infinity: nothing was. */
  until(): number;
  keep(): void;
}

/**
 * Entities by subgraph, representation, what is selected, the variables that it uses, the caller's view and the headers that subgraphs are told; root fields likewise. Values
 * are texts, so that whoever reads one has objects of his own: execution renames in them and merges into them.
 */
export function createFetchCache(parts: Parts, principal: Principal, told: string): OperationFetches {
  const { kept, generations, supergraphVersion, policyOf, clock } = parts;
  const waiting: { kind: 'entity' | 'root'; key: string; json: string; until: number }[] = [];
  const forks = new Set<OperationFetches>();
  let until = Infinity;

  return {
    until: () => Math.min(until, ...Array.from(forks, (fork) => fork.until())),
    keep: () => {
      for (const fork of forks) fork.keep();
      for (const kind of ['entity', 'root'] as const)
        kept.write(
          kind,
          waiting.filter((each) => each.kind === kind),
        );
      waiting.length = 0;
    },
    fork: () => createFetchCache(parts, principal, told),
    join: (fork) => void forks.add(fork as OperationFetches),
    lookUp: (node, variables, representations) => {
      if (node.operationKind !== 'query') return null;
      const policy = policyOf(node, variables);
      const generation = policy.maxAge ? generations.of([node.serviceName]) : null;
      if (generation === null) return null;
      const kind = representations ? 'entity' : 'root';
      const view = [viewOf(principal, policy.isPrivate), told];
      const common = createHash('sha256').update(
        canonicalJson([kind, supergraphVersion, node.serviceName, node.operation, variables, view, generation]),
      );
      const keys = (representations ?? ['null']).map((each) => common.copy().update(each).digest('base64url'));
      const lookedUpAt = clock();
      return {
        read: async () => {
          const found = await kept.read(kind, keys);
          return found.map((each) => {
            const value = each && readObject(each.json);
            if (value) until = Math.min(until, each.until);
            return value;
          });
        },
        write: (index, value) => {
          waiting.push({ kind, key: keys[index]!, json: JSON.stringify(value), until: lookedUpAt + policy.maxAge! * 1000 });
        },
      };
    },
  };
}

/** A cache that others write to may hold anything. */
function readObject(json: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
