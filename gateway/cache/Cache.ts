/**
 * Texts by key, for a while. It makes answers cheaper and never different: what it does not have, or cannot say in time, is fetched anew.
 * Adapters: in memory, and Redis, which several gateways share. Both pass one contract suite.
 */
export interface Cache {
  /** In the order of `keys`; null: it is not there, or not any more. Rejects when it cannot say in time, which callers take for null. */
  get(keys: readonly string[]): Promise<(string | null)[]>;
  /** Keeps each for its time at most. A value over MAX_VALUE_BYTES is left out. When it rejects, some may have been kept. */
  set(entries: readonly CacheEntry[]): Promise<void>;
  /** What still waits for the cache rejects. */
  close(): Promise<void>;
}

export interface CacheEntry {
  readonly key: string;
  readonly value: string;
  /** Whole milliseconds; an entry with less than one is left out. */
  readonly ttlMs: number;
}

/** Of a value in UTF-8. Larger ones would push out too much else. */
export const MAX_VALUE_BYTES = 1_048_576;

export function isKeepable({ value, ttlMs }: CacheEntry): boolean {
  return ttlMs >= 1 && Buffer.byteLength(value) <= MAX_VALUE_BYTES;
}
