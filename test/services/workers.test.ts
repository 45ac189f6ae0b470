import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/askFresh.js';
import { startFiveProcesses, type FiveProcesses } from '../support/fiveProcesses.js';
import { meshContract } from '../support/meshContract.js';

meshContract(() => startFiveProcesses({ workers: 2 }));

describe('a gateway of two workers', () => {
  let mesh: FiveProcesses;
  let starting: Promise<FiveProcesses>;
  beforeAll(async () => {
    starting = startFiveProcesses({ workers: 2 });
    mesh = await starting;
  });
  afterAll(async () => (await starting).close());

  it('brings the events of what any worker was asked for to subscriptions that share a stream at one of them', async () => {
    const headers = { authorization: 'Bearer dev-admin' };
    const client = createClient({
      url: `${mesh.url}/graphql`,
      headers: { ...headers },
      singleConnection: true,
      retryAttempts: 0,
    });
    const query = 'subscription { taskEvents { kind task { input } } }';
    const seen = [1, 2].map(() =>
      client.iterate<{ taskEvents: { kind: string; task: { input: { prompt: string } } } }>({ query }),
    );
    const firsts = seen.map((each) => each.next());
    const active = async (): Promise<string> => (await ask(mesh.url, { method: 'GET', path: '/metrics' })).text;
    await expect.poll(active, { timeout: 20_000 }).toMatch(/^mesh_active_subscriptions 2$/m);
    const prompts = Array.from({ length: 6 }, (_, index) => `${index} plus 1`);
    for (const prompt of prompts) {
      const body = {
        query: `mutation { taskRun(input: { taskClass: "math.arithmetic", prompt: "${prompt}" }) { task { id } } }`,
      };
      expect((await ask(mesh.url, { headers, body })).text).toMatch(/"id"/);
    }
    for (const [index, each] of seen.entries()) {
      const queued: string[] = [];
      for (let next = await firsts[index]!; queued.length < prompts.length; next = await each.next()) {
        const { kind, task } = next.value!.data!.taskEvents;
        if (kind === 'QUEUED') queued.push(task.input.prompt);
      }
      expect(queued.toSorted()).toEqual(prompts);
    }
    client.dispose();
    await expect.poll(active, { timeout: 20_000 }).toMatch(/^mesh_active_subscriptions 0$/m);
  });
});
