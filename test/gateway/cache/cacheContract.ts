import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_VALUE_BYTES, type Cache } from '../../../gateway/cache/Cache.js';

/** What every cache does. `open` gives one that has nothing in it. */
export function cacheContract(open: () => Promise<Cache>): void {
  describe('a cache', () => {
    let cache: Cache;
    beforeEach(async () => {
      cache = await open();
    });
    afterEach(() => cache.close());
    const keep = (key: string, value: string, ttlMs = 60_000): Promise<void> => cache.set([{ key, value, ttlMs }]);

    it('gives back what was kept, in the order that was asked for, and null for the rest', async () => {
      await cache.set([
        { key: 'a', value: '1', ttlMs: 60_000 },
        { key: 'b', value: '2', ttlMs: 60_000 },
      ]);
      expect(await cache.get(['b', 'none', 'a', 'b'])).toEqual(['2', null, '1', '2']);
    });

    it('takes nothing for nothing', async () => {
      await cache.set([]);
      expect(await cache.get([])).toEqual([]);
    });

    it('keeps any text as it is', async () => {
      const texts = ['', ' ', '\r\n\0', '{"ä":"€ 😀"}', 'null', '"'.repeat(1000)];
      await cache.set(texts.map((value, index) => ({ key: `text ${index}`, value, ttlMs: 60_000 })));
      expect(await cache.get(texts.map((_, index) => `text ${index}`))).toEqual(texts);
    });

    it('replaces what it has, and its time', async () => {
      await keep('a', 'old', 20);
      await keep('a', 'new');
      await new Promise((resolve) => setTimeout(resolve, 40));
      expect(await cache.get(['a'])).toEqual(['new']);
    });

    it('forgets when the time is over', async () => {
      await keep('a', 'short', 30);
      await keep('b', 'long');
      await expect.poll(() => cache.get(['a', 'b'])).toEqual([null, 'long']);
    });

    it('leaves out what has no time, and what is too large', async () => {
      await keep('none', 'x', 0.5);
      await keep('past', 'x', -1);
      await keep('fits', 'x'.repeat(MAX_VALUE_BYTES));
      await keep('large', 'x'.repeat(MAX_VALUE_BYTES + 1));
      await keep('wide', 'ä'.repeat(MAX_VALUE_BYTES / 2 + 1));
      const kept = await cache.get(['none', 'past', 'fits', 'large', 'wide']);
      expect(kept.map((value) => value?.length ?? null)).toEqual([null, null, MAX_VALUE_BYTES, null, null]);
    });

    it('gives nothing any more once it is closed', async () => {
      await keep('a', '1');
      await cache.close();
      expect(await cache.get(['a']).catch(() => [null])).toEqual([null]);
    });
  });
}
