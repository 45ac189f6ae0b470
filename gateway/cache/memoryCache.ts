import { LRUCache } from 'lru-cache';
import { isKeepable, type Cache } from './Cache.js';

interface Options {
  /** Of keys and values together; what was read longest ago goes first. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds, from any start. */
  readonly clock: () => number;
}

/** What an entry takes beside its texts, about. */
const ENTRY_BYTES = 200;

/** A cache of this process alone. */
export function createMemoryCache({ maxBytes = 64 * 1024 * 1024, clock }: Options): Cache {
  const entries = new LRUCache<string, string>({
    maxSize: maxBytes,
    // Two bytes a character at worst, which is how V8 keeps a text with any character outside Latin-1.
    sizeCalculation: (value, key) => 2 * (value.length + key.length) + ENTRY_BYTES,
    ttlResolution: 0,
    perf: { now: clock },
  });
  return {
    get: async (keys) => keys.map((key) => entries.get(key) ?? null),
    set: async (given) => {
      for (const entry of given) if (isKeepable(entry)) entries.set(entry.key, entry.value, { ttl: Math.floor(entry.ttlMs) });
    },
    close: async () => entries.clear(),
  };
}
