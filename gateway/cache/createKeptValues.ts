import type { Metrics } from '../telemetry/createMetrics.js';
import type { Cache, CacheEntry } from './Cache.js';
import { readExpiring, withExpiry } from './Freshness.js';

export type CacheKind = 'response' | 'root' | 'entity';

/** The cache as the gateway uses it: a failure is a miss, counted, and nobody waits for a write. */
export interface KeptValues {
  /** In the order of `keys`; null: a miss. Never rejects. */
  read(kind: CacheKind, keys: readonly string[]): Promise<(Kept | null)[]>;
  /** `json` is the value as text. Values that no longer hold are left out. */
  write(kind: CacheKind, values: readonly { readonly key: string; readonly json: string; readonly until: number }[]): void;
}

export interface Kept {
  /** Of an object. */
  readonly json: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Writes that may be under way; beyond, values are not kept. */
const MAX_WRITES = 1_000;

export function createKeptValues(cache: Cache, metrics: Metrics, clock: () => number): KeptValues {
  let writes = 0;
  return {
    read: async (kind, keys) => {
      if (keys.length === 0) return [];
      try {
        const texts = await cache.get(keys);
        const now = clock();
        const kept = keys.map((_, index) => {
          const text = texts[index];
          return (typeof text === 'string' && readExpiring(text, now)) || null;
        });
        const hits = kept.filter((each) => each !== null).length;
        metrics.cache(kind, 'hit', hits);
        metrics.cache(kind, 'miss', keys.length - hits);
        return kept;
      } catch {
        metrics.cache(kind, 'error', keys.length);
        return keys.map(() => null);
      }
    },
    write: (kind, values) => {
      const now = clock();
      const entries = values.map(({ key, json, until }): CacheEntry => ({
        key,
        value: withExpiry(until, json),
        ttlMs: until - now,
      }));
      if (entries.length === 0 || writes >= MAX_WRITES) return;
      writes++;
      cache
        .set(entries)
        .catch(() => metrics.cache(kind, 'error', entries.length))
        .finally(() => writes--);
    },
  };
}
