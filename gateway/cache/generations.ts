import { decodeCursor } from '../../subgraphs/shared/eventlog/cursor.js';
import type { MeshEvent } from '../../subgraphs/shared/events.js';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';

/** Who follows `mesh.catalog` tells of it here, in order. */
export interface CatalogListener {
  /** Every event after `cursor` will be told. */
  began(cursor: string): void;
  saw(event: MeshEvent, cursor: string): void;
  /** From now on events may be missed. */
  lost(): void;
}

/** What stands in cache keys for the state that a subgraph's cacheable data is in. */
export interface Generations {
  /** Null: what these subgraphs have may have changed unseen, so the cache is not to be used. */
  of(subgraphs: readonly string[]): string | null;
  /** A mutation has changed something in these, of which the event is still on its way. */
  wrote(subgraphs: readonly string[]): void;
}

/** Of a supergraph without a catalog: cached values hold for as long as their maxAge says. */
export const NO_CATALOG: Generations = { of: () => '', wrote: () => undefined };

/** Whose data of the catalog an event is about. An event that is not here is taken to be about all. */
const SUBGRAPH_OF: Readonly<Record<string, string>> = {
  'agent.changed': 'agents',
  'model.changed': 'models',
  'policy.changed': 'policies',
  'budget.changed': 'costs',
};

/** As long as an event may take at most from its commit to every gateway. */
const EVENT_MS = 2_000;

/**
 * A subgraph's generation is the position of its last catalog event: for each partition the offset, in the log's epoch. Because a key
 * holds it, a gateway that has seen an event never meets what was read before that event, whoever kept it in a shared cache; a gateway
 * that lags keeps what it reads under its older generation, where the others do not look; and one that has started later, which knows
 * only that everything was before the head then, merely misses. For two seconds after a mutation through this gateway the cache of what
 * it changed is not used, so that its caller reads what he wrote.
 */
export function createGenerations(clock: () => number): Generations & CatalogListener {
  const offsets = new Map<string, number[]>();
  const writtenAt = new Map<string, number>();
  let epoch: string | null = null;
  let seen: readonly number[] = [];

  const isWritten = (subgraph: string): boolean => clock() - (writtenAt.get(subgraph) ?? -Infinity) < EVENT_MS;

  return {
    of: (subgraphs) => {
      if (epoch === null || subgraphs.some(isWritten)) return null;
      return JSON.stringify([epoch, ...subgraphs.toSorted().map((subgraph) => [subgraph, offsets.get(subgraph) ?? null])]);
    },
    wrote: (subgraphs) => {
      for (const subgraph of subgraphs) writtenAt.set(subgraph, clock());
    },
    began: (cursor) => {
      const head = decodeCursor(cursor, 'mesh.catalog');
      epoch = head.epoch;
      seen = head.offsets;
      for (const subgraph of SUBGRAPH_NAMES) offsets.set(subgraph, [...head.offsets]);
    },
    saw: ({ type }, cursor) => {
      const at = decodeCursor(cursor, 'mesh.catalog').offsets;
      const about = SUBGRAPH_OF[type];
      for (const subgraph of about === undefined ? SUBGRAPH_NAMES : [about]) {
        const own = offsets.get(subgraph)!;
        // The partition that the event was in is the one that has moved.
        at.forEach((offset, partition) => {
          if (offset !== seen[partition]) own[partition] = offset;
        });
      }
      seen = at;
    },
    lost: () => {
      epoch = null;
    },
  };
}
