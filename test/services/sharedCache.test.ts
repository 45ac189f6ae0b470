import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFiveProcesses, type FiveProcesses, type ServedProcess } from '../support/fiveProcesses.js';
import { dataOf } from '../support/graphqlClient.js';

const redis = process.env['TEST_REDIS_URL'];
if (!redis) throw new Error('TEST_REDIS_URL is not set: these tests need a Redis server, for example redis://127.0.0.1:6379');

describe('two gateways as processes, on PostgreSQL and one Redis', () => {
  let mesh: FiveProcesses;
  let second: ServedProcess;
  beforeAll(async () => {
    mesh = await startFiveProcesses({ gateways: 2, settings: { REDIS_URL: redis } });
    second = mesh.gateways[1]!;
  });
  afterAll(() => mesh?.close());

  const query = '{ agent(id: "abacus") { name models { name pricing { version } } } }';
  const nameFrom = async (url: string): Promise<string> => (await dataOf<{ agent: { name: string } }>(url, query)).agent.name;
  const rename = async (url: string, name: string): Promise<number> => {
    await dataOf(url, 'mutation ($name: String) { agentUpdate(input: { id: "abacus", name: $name }) { agent { id } } }', {
      name,
    });
    return performance.now();
  };
  const hits = async (url: string): Promise<number> =>
    Number(
      /mesh_cache_total\{kind="response",outcome="hit"\} (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1] ?? 0,
    );

  it('share what is kept, and both forget it within a second of a change through either', async () => {
    const urls = [mesh.url, second.url];
    const tookMs: number[] = [];
    for (let round = 0; round < 6; round++) {
      const changedAt = await rename(urls[round % 2]!, `Name ${round}`);
      for (const url of urls) await expect.poll(() => nameFrom(url), { interval: 10, timeout: 5_000 }).toBe(`Name ${round}`);
      tookMs.push(Math.round(performance.now() - changedAt));
      for (let repeat = 0; repeat < 20; repeat++) for (const url of urls) expect(await nameFrom(url)).toBe(`Name ${round}`);
    }
    for (const url of urls) {
      const before = await hits(url);
      await expect.poll(() => nameFrom(url).then(() => hits(url)), { timeout: 10_000 }).toBeGreaterThan(before);
    }
  });
});
