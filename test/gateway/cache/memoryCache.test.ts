import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../../gateway/cache/memoryCache.js';
import { cacheContract } from './cacheContract.js';

cacheContract(async () => createMemoryCache({ clock: Date.now }));

describe('a cache in memory', () => {
  it('is bounded by bytes, and lets go first of what was read longest ago', async () => {
    const cache = createMemoryCache({ clock: () => 0, maxBytes: 10_000 });
    const value = 'x'.repeat(1_000);
    for (const key of ['a', 'b', 'c', 'd']) await cache.set([{ key, value, ttlMs: 1_000 }]);
    await cache.get(['a']);
    await cache.set([{ key: 'e', value, ttlMs: 1_000 }]);
    expect((await cache.get(['a', 'b', 'c', 'd', 'e'])).map((each) => each !== null)).toEqual([true, false, true, true, true]);
    await cache.set([{ key: 'f', value: 'x'.repeat(9_000), ttlMs: 1_000 }]);
    expect(await cache.get(['f'])).toEqual([null]);
  });

  it('keeps to its clock', async () => {
    let now = 5;
    const cache = createMemoryCache({ clock: () => now });
    await cache.set([{ key: 'a', value: '1', ttlMs: 1_000 }]);
    now += 1_000;
    expect(await cache.get(['a'])).toEqual(['1']);
    now += 1;
    expect(await cache.get(['a'])).toEqual([null]);
  });
});
