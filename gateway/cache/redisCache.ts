import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { isKeepable, type Cache } from './Cache.js';

interface Options {
  /** redis:// or rediss://, perhaps with a password; it is never logged. */
  readonly url: string;
  readonly log: Logger;
  /** Before every key, so that others may use the same server. */
  readonly prefix?: string;
  /** A read or a write that takes longer has failed. Default 50. */
  readonly timeoutMs?: number;
  /** After five failures in a row Redis is left alone for so long, then tried once. Default 1,000. */
  readonly pauseMs?: number;
}

const FAILURES = 5;
const RECONNECT_MS = 2_000;
/** A connection on which nothing has come back for so long is taken for dead and made anew. */
const SILENT_MS = 5_000;

/**
 * A cache on Redis. It opens at once and connects meanwhile: a Redis that is slow, away or wrong makes reads and writes reject within
 * `timeoutMs`, at once while the breaker is open, and never holds an operation up or stops the gateway from starting.
 */
export function openRedisCache({ url, log, prefix = 'mesh:cache:1:', timeoutMs = 50, pauseMs = 1_000 }: Options): Cache {
  const { host } = new URL(url);
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    // Without a connection a read fails at once: waiting for one would take longer than fetching.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: timeoutMs,
    connectTimeout: RECONNECT_MS,
    socketTimeout: SILENT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 50, RECONNECT_MS),
  });
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: pauseMs, breaker: new ConsecutiveBreaker(FAILURES) });
  let failure = '';
  let failing = false;

  // Only the words of an error are logged: ioredis hangs the failed command on it, and that of a login holds the password.
  redis.on('error', (error: Error) => (failure = error.message));
  breaker.onStateChange((state) => {
    if (state === CircuitState.Open && !failing) {
      failing = true;
      log.warn({ redis: host, reason: failure }, 'Redis does not answer in time; the gateway goes on without the cache');
    } else if (state === CircuitState.Closed && failing) {
      failing = false;
      log.info({ redis: host }, 'Redis answers again');
    }
  });
  const guarded = <Result>(work: () => Promise<Result>): Promise<Result> =>
    breaker.execute(() =>
      work().catch((error: Error) => {
        failure = error.message;
        return Promise.reject(new Error(`Redis failed: ${failure}`));
      }),
    );

  return {
    get: async (keys) => (keys.length === 0 ? [] : guarded(() => redis.mget(keys.map((key) => prefix + key)))),
    set: async (entries) => {
      const kept = entries.filter(isKeepable);
      if (kept.length === 0) return;
      await guarded(() =>
        Promise.all(kept.map(({ key, value, ttlMs }) => redis.set(prefix + key, value, 'PX', Math.floor(ttlMs)))),
      );
    },
    close: async () => redis.disconnect(),
  };
}
