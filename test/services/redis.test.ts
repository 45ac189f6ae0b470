import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRedisCache } from '../../gateway/cache/redisCache.js';
import { cacheContract } from '../gateway/cache/cacheContract.js';
import { serveNewsroom } from '../gateway/support/serveNewsroom.js';
import { send } from '../support/graphqlClient.js';
import { openMesh } from '../support/meshInProcess.js';

const url = process.env['TEST_REDIS_URL'];
if (!url) throw new Error('TEST_REDIS_URL is not set: these tests need a Redis server, for example redis://127.0.0.1:6379');

/** Keys of one test are no other's. */
const freshPrefix = (): string => `mesh-test:${randomBytes(6).toString('hex')}:`;
const silent = pino({ level: 'silent' });

/** Open once it answers. */
async function openReady(options: Partial<Parameters<typeof openRedisCache>[0]> = {}) {
  const cache = openRedisCache({ url: url!, log: silent, prefix: freshPrefix(), ...options });
  await expect.poll(() => cache.get(['ready']).catch(() => 'not yet'), { interval: 5 }).toEqual([null]);
  return cache;
}

cacheContract(openReady);

/** A way to the server that can be cut, and whose connections can be made to swallow everything: to the gateway, the server dies or hangs. */
async function openWay() {
  const target = new URL(url!);
  const sockets = new Set<Socket>();
  let life = 0;
  const relay = createServer((client) => {
    const born = life;
    const server = connect(Number(target.port || 6379), target.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
      socket.on('error', () => undefined);
    }
    client.on('data', (bytes) => void (born < life || server.write(bytes)));
    server.on('data', (bytes) => void (born < life || client.write(bytes)));
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port } = relay.address() as AddressInfo;
  const through = new URL(url!);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    url: through.href,
    /** Nothing passes any more on the connections that there are; new ones are sound. */
    swallow: () => void life++,
    down: async () => {
      const closed = once(relay, 'close');
      relay.close();
      cut();
      await closed;
    },
    up: async () => {
      relay.listen(port, '127.0.0.1');
      await once(relay, 'listening');
    },
    close: async () => {
      cut();
      if (relay.listening) relay.close();
    },
  };
}

describe('a cache on Redis', () => {
  let server: Redis;
  beforeAll(() => {
    server = new Redis(url, { maxRetriesPerRequest: 1 });
  });
  afterAll(() => server.disconnect());

  it('is shared by all who know the prefix, keeps to it, and leaves nothing for ever', async () => {
    const prefix = freshPrefix();
    const one = await openReady({ prefix });
    const two = await openReady({ prefix });
    const other = await openReady();
    await one.set([{ key: 'a', value: '1', ttlMs: 5_000 }]);
    expect(await two.get(['a'])).toEqual(['1']);
    expect(await other.get(['a'])).toEqual([null]);
    expect(await server.keys(`${prefix}*`)).toEqual([`${prefix}a`]);
    expect(await server.pttl(`${prefix}a`)).toBeGreaterThan(0);
    await Promise.all([one.close(), two.close(), other.close()]);
  });

  it('gives up after its time when the server is slow, then leaves it alone, and comes back by itself', async () => {
    const logs: string[] = [];
    const log = pino({ level: 'info' }, { write: (line) => void logs.push(line) });
    const cache = await openReady({ log, timeoutMs: 50, pauseMs: 200 });
    await cache.set([{ key: 'a', value: '1', ttlMs: 60_000 }]);
    await server.call('CLIENT', 'PAUSE', '1500', 'ALL');
    const tookMs: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      const before = performance.now();
      await expect(cache.get(['a'])).rejects.toThrow('timed out');
      tookMs.push(performance.now() - before);
    }
    expect(Math.min(...tookMs)).toBeGreaterThan(40);
    const before = performance.now();
    for (let attempt = 0; attempt < 1_000; attempt++) await cache.get(['a']).catch(() => undefined);
    // At the speed of the server these alone would have taken 50 s.
    expect(performance.now() - before).toBeLessThan(1_500);
    await expect.poll(() => cache.get(['a']).catch(() => null), { timeout: 10_000 }).toEqual(['1']);
    const told = logs.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(told[0]).toBe('Redis does not answer in time; the gateway goes on without the cache');
    expect(told.at(-1)).toBe('Redis answers again');
    // Once each time, not once for each of a thousand reads.
    expect(told.length).toBeLessThan(10);
    await cache.close();
  });

  it('rejects at once when there is no server, and comes back with it', async () => {
    const way = await openWay();
    const cache = await openReady({ url: way.url, pauseMs: 50 });
    await cache.set([{ key: 'a', value: '1', ttlMs: 60_000 }]);
    await way.down();
    const before = performance.now();
    for (let attempt = 0; attempt < 20; attempt++) await expect(cache.get(['a'])).rejects.toThrow();
    expect(performance.now() - before).toBeLessThan(1_000);
    await way.up();
    await expect.poll(() => cache.get(['a']).catch(() => null), { timeout: 10_000 }).toEqual(['1']);
    await cache.close();
    await way.close();
  });

  it('makes a dead connection anew when the server is gone without a word', async () => {
    const way = await openWay();
    const cache = await openReady({ url: way.url, pauseMs: 50 });
    await cache.set([{ key: 'a', value: '1', ttlMs: 60_000 }]);
    way.swallow();
    await expect(cache.get(['a'])).rejects.toThrow('timed out');
    await expect.poll(() => cache.get(['a']).catch(() => null), { timeout: 20_000 }).toEqual(['1']);
    await cache.close();
    await way.close();
  });

  it('never tells a password, neither a wrong one nor that of a server which is not there', async () => {
    const logs: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line) => void logs.push(line) });
    for (const host of [new URL(url!).host, '127.0.0.1:1']) {
      const cache = openRedisCache({ url: `redis://somebody:hunter2-secret@${host}/0`, log, prefix: freshPrefix(), pauseMs: 20 });
      for (let attempt = 0; attempt < 10; attempt++) {
        const error = await cache.get(['a']).then(
          () => null,
          (reason: unknown) => reason as Error,
        );
        expect(error).not.toBeNull();
        expect(JSON.stringify([error, error!.message, error!.stack, Object.entries(error!)])).not.toContain('hunter2');
      }
      await cache.close();
    }
    expect(logs.length).toBeGreaterThan(0);
    expect(logs.join('')).not.toContain('hunter2');
    expect(logs.join('')).toContain('127.0.0.1:1');
  });
});

describe('a gateway whose cache is on Redis', () => {
  it('shares what it keeps with the next one', async () => {
    const prefix = freshPrefix();
    const [one, two] = await Promise.all([openReady({ prefix }), openReady({ prefix })]);
    const query = '{ article(id: "x1") { title author { name } } }';
    const first = serveNewsroom({ cache: one });
    const second = serveNewsroom({ cache: two });
    await first.ask(query);
    await expect.poll(async () => (await second.ask(query)).requests).toEqual([]);
    await Promise.all([one.close(), two.close()]);
  });

  it('answers right under load while Redis is slow, hangs, is killed and comes back', async () => {
    const server = new Redis(url!, { maxRetriesPerRequest: 1 });
    const way = await openWay();
    const cache = await openReady({ url: way.url, pauseMs: 100 });
    const { ask, metrics } = serveNewsroom({ cache });
    const queries = [
      ['{ article(id: "x1") { title author { name } } }', { article: { title: 'Title 1', author: { name: 'Author 1' } } }],
      ['{ latest(first: 3) { id notes { text } author { name } } }', undefined],
      ['{ count }', { count: 3 }],
    ] as const;
    const plain = serveNewsroom({ cache: null });
    const expected = await Promise.all(queries.map(async ([query, data]) => data ?? (await plain.ask(query)).data));
    let answered = 0;
    let slowestMs = 0;
    let running = true;
    const client = async (): Promise<void> => {
      while (running) {
        const which = answered % queries.length;
        const before = performance.now();
        const { data, errors } = await ask(queries[which]![0]);
        slowestMs = Math.max(slowestMs, performance.now() - before);
        expect(errors).toBeUndefined();
        expect(data).toEqual(expected[which]);
        answered++;
        await new Promise(setImmediate);
      }
    };
    const clients = Promise.all(Array.from({ length: 10 }, client));
    const more = async (count: number): Promise<void> => {
      const until = answered + count;
      await expect.poll(() => answered, { timeout: 30_000, interval: 5 }).toBeGreaterThan(until);
    };
    await more(200);
    await server.call('CLIENT', 'PAUSE', '300', 'ALL');
    await more(200);
    way.swallow();
    await more(200);
    await way.down();
    await more(200);
    await way.up();
    await more(200);
    const hits = async (): Promise<number> => Number(/kind="response",outcome="hit"} (\d+)/.exec(await metrics.text())?.[1] ?? 0);
    const before = await hits();
    await expect.poll(hits, { timeout: 20_000 }).toBeGreaterThan(before);
    running = false;
    await clients;
    expect(await metrics.text()).toMatch(/outcome="error"\} [1-9]/);
    // Three reads, each given up after 50 ms, and what the machine adds.
    expect(slowestMs).toBeLessThan(1_500);
    await cache.close();
    await way.close();
    server.disconnect();
  });

  it('forgets within a second of a catalog change, as does every other on the same Redis', async () => {
    const mesh = await openMesh();
    const plain = await mesh.openGateway(null);
    await mesh.apply(plain.url);
    await mesh.settled();
    const prefix = freshPrefix();
    const caches = await Promise.all([openReady({ prefix }), openReady({ prefix })]);
    const gateways = [await mesh.openGateway(caches[0]!), await mesh.openGateway(caches[1]!)];
    const query = '{ agent(id: "abacus") { name } models(first: 1) { totalCount } }';
    const nameFrom = async (url: string) => (await send<{ agent: { name: string } }>(url, query)).data?.agent.name;
    for (let round = 0; round < 5; round++) {
      for (const { url } of gateways) for (let repeat = 0; repeat < 3; repeat++) await nameFrom(url);
      await send(plain.url, `mutation { agentUpdate(input: { id: "abacus", name: "Name ${round}" }) { agent { name } } }`);
      const changedAt = performance.now();
      for (const { url } of gateways) await expect.poll(() => nameFrom(url), { interval: 5 }).toBe(`Name ${round}`);
      expect(performance.now() - changedAt).toBeLessThan(1_000);
      // And never the old one again.
      for (let repeat = 0; repeat < 20; repeat++)
        for (const { url } of gateways) expect(await nameFrom(url)).toBe(`Name ${round}`);
    }
    for (const gateway of [plain, ...gateways]) await gateway.close();
    await mesh.close();
    await Promise.all(caches.map((cache) => cache.close()));
  });
});
