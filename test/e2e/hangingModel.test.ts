import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataOf } from '../support/graphqlClient.js';
import { startWholeMesh } from '../support/meshProcess.js';
import { completes } from '../support/openAiServer.js';
import { hang, serveEndpoint, type Endpoint } from '../support/serveEndpoint.js';

const KEY = 'sk-hunter2-hunter2';
let folder: string;
let mesh: Awaited<ReturnType<typeof startWholeMesh>>;
let hanging: Endpoint;
let working: Endpoint;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesh-test-'));
  [hanging, working] = [await serveEndpoint(hang), await serveEndpoint(completes({ text: 'Forty-two.' }))];
  mesh = await startWholeMesh(folder, {
    MESH_EGRESS_ALLOW: `${hanging.host},${working.host}`,
    MESH_MODEL_KEY_TEST: KEY,
    MESH_MODEL_KEY_TEST_HOSTS: working.host,
  });
  await registerModel('cheap', hanging, '0.1', null);
  await registerModel('dear', working, '1', 'MESH_MODEL_KEY_TEST');
  await change(`agentRegister(input: { id: "sage", name: "Sage", transport: LLM, instructions: "Be brief.", modelIds: ["cheap", "dear"],
    skills: [{ id: "wisdom", name: "Wisdom", taskClasses: ["test.wisdom"] }] })`);
  await change(`budgetSet(input: { id: "wisdom", scope: "task-class:test.wisdom", limitUsd: "1", period: TOTAL })`);
});

afterAll(async () => {
  await mesh.stop();
  await hanging.close();
  await working.close();
  await rm(folder, { recursive: true, force: true });
});

async function change(field: string): Promise<void> {
  const name = field.split('(')[0]!;
  const answer = await dataOf<Record<string, { userErrors: unknown[] }>>(
    mesh.url,
    `mutation { ${field} { userErrors { code message } } }`,
  );
  expect(answer[name]!.userErrors).toEqual([]);
}

async function registerModel(id: string, { url }: Endpoint, price: string, apiKeyEnv: string | null): Promise<void> {
  const key = apiKeyEnv === null ? '' : `apiKeyEnv: "${apiKeyEnv}",`;
  await change(`modelRegister(input: { id: "${id}", provider: "test", name: "${id}", endpoint: "${url}/v1", ${key}
    pricing: { inputPerMTokUsd: "${price}", outputPerMTokUsd: "${price}" } })`);
  await change(`modelSetApproval(id: "${id}", status: APPROVED)`);
}

interface Asked {
  ask: {
    text: string;
    costUsd: string;
    model: { id: string };
    task: { id: string; attempts: { outcome: string; costUsd: string | null; latencyMs: number; model: { id: string } }[] };
  };
}

const ASK = `query { ask(input: { taskClass: "test.wisdom", prompt: "Why?", latencyClass: RELAXED }) {
  text costUsd model { id } task { id attempts { outcome costUsd latencyMs model { id } } } } }`;

/** The ledger and the budget follow by event. */
async function until<T>(read: () => Promise<T>, enough: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (enough(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('asking a model that hangs', () => {
  it('is answered by the fallback within the deadline, both attempts on record, and the budget is right', async () => {
    let startedAt = 0;
    const { ask } = await until(
      () => {
        startedAt = performance.now();
        return dataOf<Asked>(mesh.url, ASK).catch(() => null);
      },
      // The gateway hears of the new models by event.
      (answer) => answer !== null && answer.ask.task.attempts.length === 2,
    ).then((answer) => answer!);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(ask).toMatchObject({ text: 'Forty-two.', model: { id: 'dear' }, costUsd: '0.000017' });
    expect(ask.task.attempts).toMatchObject([
      { outcome: 'TIMED_OUT', costUsd: null, model: { id: 'cheap' } },
      { outcome: 'SUCCEEDED', costUsd: '0.000017', model: { id: 'dear' } },
    ]);
    await (
      await hanging.nextRequest()
    ).disconnected;
    expect((await working.nextRequest()).headers['authorization']).toBe(`Bearer ${KEY}`);

    interface Budget {
      budget: { spentUsd: string; reservedUsd: string; remainingUsd: string };
      task: { cost: { usd: string; inputTokens: number; outputTokens: number } | null };
    }
    const query = `query ($id: ID!) { budget(id: "wisdom") { spentUsd reservedUsd remainingUsd } task(id: $id) { cost { usd inputTokens outputTokens } } }`;
    const settled = await until(
      () => dataOf<Budget>(mesh.url, query, { id: ask.task.id }),
      ({ budget, task }) => task.cost !== null && budget.reservedUsd === '0',
    );
    expect(settled).toEqual({
      budget: { spentUsd: '0.000017', reservedUsd: '0', remainingUsd: '0.999983' },
      task: { cost: { usd: '0.000017', inputTokens: 12, outputTokens: 5 } },
    });
    expect(mesh.output()).not.toContain('hunter2');
  });

  it('goes on with the fallback alone once the model is revoked', async () => {
    await change(`modelSetApproval(id: "cheap", status: REVOKED)`);
    const { ask } = await until(
      () => dataOf<Asked>(mesh.url, ASK),
      (answer) => answer.ask.task.attempts.length === 1,
    );
    expect(ask.task.attempts).toMatchObject([{ outcome: 'SUCCEEDED', model: { id: 'dear' } }]);
  });
});
