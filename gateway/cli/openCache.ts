import type { Logger } from 'pino';
import type { Cache } from '../cache/Cache.js';
import { createMemoryCache } from '../cache/memoryCache.js';
import type { CacheConfig } from '../config/readConfig.js';
import type { Lifetime } from './lifetime.js';

/** The cache that the settings name. Null: none. Redis may be away; the gateway starts without it. */
export async function openCache(config: CacheConfig, lifetime: Lifetime, log: Logger): Promise<Cache | null> {
  if (config.kind === 'off') return null;
  return lifetime.open(
    async () => {
      if (config.kind === 'memory') return createMemoryCache({ clock: Date.now });
      const { openRedisCache } = await import('../cache/redisCache.js');
      return openRedisCache({ url: config.url, log });
    },
    (cache) => cache.close(),
  );
}
