import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentMemory } from '../../subgraphs/agents/dapr/agentMemory.js';
import type { AgentResult } from '../../subgraphs/agents/transports/AgentTransport.js';
import { daprTransport } from '../../subgraphs/agents/transports/daprTransport.js';
import { flood, transportContract } from '../subgraphs/agents/transports/transportContract.js';
import { agentCall, type CallParts } from '../support/agentCall.js';
import { startDapr, type DaprProcesses } from '../support/daprProcesses.js';
import { send } from '../support/graphqlClient.js';
import { eventually } from '../support/meshContract.js';
import { startMeshProcess, startWholeMesh, withFolder, type MeshProcess } from '../support/meshProcess.js';
import { hang, json, reset, serveEndpoint } from '../support/serveEndpoint.js';

// Everything here is real: two daprd, placement, the SQLite state store, and `mesh dapr-agent` as a process.
const TOKEN = randomUUID();
const APP_TOKEN = randomUUID();
const USAGE = { inputTokens: 7, outputTokens: 2 };
const answers = json(200, { text: '4', output: { sum: 4 }, usage: USAGE });
const arithmetic: CallParts = { candidate: { modelId: 'local/arithmetic-large' }, input: { prompt: 'What is two plus two?' } };

let dapr: DaprProcesses;
let oddPort: number;
let agentPort: number;
let agentSidecarPort: number;
let agentSidecar: { stop(signal?: NodeJS.Signals): Promise<void> };
let app: MeshProcess;

beforeAll(async () => {
  dapr = await startDapr(TOKEN);
  oddPort = dapr.ports();
  const standIn = await serveEndpoint(answers, oddPort);
  await dapr.sidecar('odd', oddPort, dapr.ports());
  await found('dapr:odd/answer');
  await standIn.close();
  agentPort = dapr.ports();
  agentSidecarPort = dapr.ports();
  agentSidecar = await startAgentSidecar();
  app = await startApp();
  await found('dapr-actor:MeshAgent/first/answer');
  await found('dapr:mesh-agent/answer');
});
afterAll(async () => {
  await app?.stop();
  await dapr?.close();
});

function startAgentSidecar() {
  Object.assign(dapr.env, { APP_API_TOKEN: APP_TOKEN });
  return dapr.sidecar('mesh-agent', agentPort, agentSidecarPort);
}

async function startApp(): Promise<MeshProcess> {
  const env = { DAPR_HTTP_PORT: String(agentSidecarPort), DAPR_API_TOKEN: TOKEN, APP_API_TOKEN: APP_TOKEN };
  const started = startMeshProcess(['dapr-agent', '--port', String(agentPort)], env);
  await started.printed(/is ready/);
  return started;
}

async function call(endpoint: string, parts: CallParts = {}, attemptId?: string): Promise<AgentResult> {
  const transport = daprTransport({ url: dapr.url, apiToken: TOKEN });
  const made = agentCall({ ...arithmetic, ...parts, agent: { transport: 'DAPR', endpoint } });
  try {
    return await transport.call(attemptId === undefined ? made : { ...made, attemptId });
  } finally {
    await transport.close();
  }
}

/** Sidecars learn of one another, and of who hosts which actor, shortly after they start. */
async function found(endpoint: string): Promise<AgentResult> {
  return eventually(
    () => call(endpoint),
    ({ kind }) => kind === 'answered',
  );
}

async function memoryOf(actorId: string): Promise<AgentMemory> {
  const response = await fetch(`${dapr.url}/v1.0/actors/MeshAgent/${actorId}/method/memory`, {
    method: 'POST',
    headers: { 'dapr-api-token': TOKEN },
  });
  return (await response.json()) as AgentMemory;
}

transportContract('DAPR (service invocation, a real daprd)', async () => {
  const endpoint = await serveEndpoint(answers, oddPort);
  const transport = daprTransport({ url: dapr.url, apiToken: TOKEN });
  return {
    transport,
    parts: { agent: { transport: 'DAPR', endpoint: 'dapr:odd/answer' } },
    answered: { usage: { ...USAGE, cachedInputTokens: 0 } },
    refused: {},
    remote: {
      endpoint,
      answers,
      cannot: json(422, { error: { message: 'I only add.' } }),
      hangs: hang,
      breaks: [
        reset,
        json(500, {}),
        json(404, {}),
        json(200, []),
        json(200, { text: 5 }),
        json(200, {}),
        json(200, { text: '4' }),
      ],
      floods: flood('application/json'),
    },
    close: async () => {
      await transport.close();
      await endpoint.close();
    },
  };
});

transportContract('DAPR (an actor, a real daprd)', async () => {
  const transport = daprTransport({ url: dapr.url, apiToken: TOKEN });
  return {
    transport,
    parts: { ...arithmetic, agent: { transport: 'DAPR', endpoint: `dapr-actor:MeshAgent/${randomUUID()}/answer` } },
    answered: { usage: { inputTokens: 6, cachedInputTokens: 0, outputTokens: 1 } },
    refused: { input: { prompt: 'What is love?' } },
    remote: null,
    close: () => transport.close(),
  };
});

describe('an agent behind a real daprd', () => {
  it('is refused without the sidecar’s token', async () => {
    const transport = daprTransport({ url: dapr.url, apiToken: 'another' });
    const result = await transport.call(agentCall({ agent: { transport: 'DAPR', endpoint: 'dapr:odd/answer' } }));
    await transport.close();
    expect(result).toMatchObject({ kind: 'failed', brokeDown: true, message: 'Dapr answered 401' });
  });

  it('that nobody hosts is a breakdown with Dapr’s code, by both ways', async () => {
    expect(await call('dapr:nobody/answer')).toMatchObject({
      kind: 'failed',
      brokeDown: true,
      message: expect.stringContaining('ERR_DIRECT_INVOKE'),
    });
    const signal = AbortSignal.timeout(5_000);
    expect(await call('dapr-actor:Nobody/one/answer', { signal })).toMatchObject({ kind: 'failed', brokeDown: true });
  });

  it('answers by service invocation', async () => {
    expect(await call('dapr:mesh-agent/answer')).toMatchObject({ kind: 'answered', answer: { text: '4' } });
  });

  it('answers nobody but its sidecar', async () => {
    const body = JSON.stringify({ attemptId: 'a', taskId: 't', prompt: '1', model: { id: 'local/arithmetic-large' } });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${agentPort}/answer`, { method: 'POST', headers, body });
    expect(response.status).toBe(401);
  });
});

describe('the actor MeshAgent', () => {
  it('answers the same attempt with the same reply, and counts it once', async () => {
    const id = randomUUID();
    const attemptId = randomUUID();
    const endpoint = `dapr-actor:MeshAgent/${id}/answer`;
    const first = await call(endpoint, {}, attemptId);
    // Another prompt under the same attempt: were it computed again, the answer would differ.
    expect(await call(endpoint, { input: { prompt: '10 * 10' } }, attemptId)).toEqual(first);
    expect(await memoryOf(id)).toMatchObject({ calls: 1, answered: 1, inputTokens: 6, outputTokens: 1, recent: [{ attemptId }] });
  });

  it('takes one call at a time: none is lost of many at once', async () => {
    const id = randomUUID();
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, n) => call(`dapr-actor:MeshAgent/${id}/answer`, { input: { prompt: `${n} + 1` } })),
    );
    expect(results.map((result) => result.kind === 'answered' && result.answer.text)).toEqual(
      Array.from({ length: 30 }, (_, n) => String(n + 1)),
    );
    const memory = await memoryOf(id);
    expect(memory).toMatchObject({ calls: 30, answered: 30, inputTokens: 90, outputTokens: 30 });
    expect(memory.recent).toHaveLength(30);
  });

  it('remembers when its app and its sidecar were killed', async () => {
    const id = randomUUID();
    const attemptId = randomUUID();
    const endpoint = `dapr-actor:MeshAgent/${id}/answer`;
    const first = await call(endpoint, {}, attemptId);
    const before = await memoryOf(id);
    await app.stop('SIGKILL');
    expect(await call(endpoint, { signal: AbortSignal.timeout(10_000) })).toMatchObject({ kind: 'failed', brokeDown: true });
    await agentSidecar.stop('SIGKILL');
    agentSidecar = await startAgentSidecar();
    app = await startApp();
    await found('dapr-actor:MeshAgent/first/answer');
    expect(await call(endpoint, { input: { prompt: '10 * 10' } }, attemptId)).toEqual(first);
    expect(await memoryOf(id)).toEqual(before);
  });
});

describe('a mesh beside a real daprd', () => {
  it('asks an agent that is an actor, and pays for it', () =>
    withFolder(async (folder) => {
      const mesh = await startWholeMesh(folder, { DAPR_HTTP_ENDPOINT: dapr.url, DAPR_API_TOKEN: TOKEN });
      try {
        const id = randomUUID();
        const register = `mutation ($input: AgentRegisterInput!) { agentRegister(input: $input) { agent { id } userErrors { code message } } }`;
        const input = {
          id: 'remote-abacus',
          name: 'Remote Abacus',
          transport: 'DAPR',
          endpoint: `dapr-actor:MeshAgent/${id}/answer`,
          skills: [{ id: 'sums', name: 'Sums', taskClasses: ['math.arithmetic'] }],
          modelIds: ['local/arithmetic-large'],
        };
        const wrong = await send<{ agentRegister: object }>(mesh.url, register, {
          input: { ...input, endpoint: 'dapr:http://10.0.0.1/answer' },
        });
        expect(wrong.data).toMatchObject({
          agentRegister: {
            agent: null,
            userErrors: [{ code: 'BAD_USER_INPUT', message: expect.stringContaining('dapr:<app-id>') }],
          },
        });
        expect(await send(mesh.url, register, { input })).toMatchObject({ data: { agentRegister: { userErrors: [] } } });
        const ask = `{ ask(input: { taskClass: "math.arithmetic", prompt: "What is two plus two?", agentId: "remote-abacus" })
          { text costUsd agent { id } task { attempts { outcome costUsd } } } }`;
        const asked = await eventually(
          () => send<{ ask: { text: string; costUsd: string } | null }>(mesh.url, ask),
          ({ data }) => !!data?.ask,
        );
        expect(asked.data).toMatchObject({
          ask: {
            text: '4',
            agent: { id: 'remote-abacus' },
            task: { attempts: [{ outcome: 'SUCCEEDED', costUsd: asked.data!.ask!.costUsd }] },
          },
        });
        expect(await memoryOf(id)).toMatchObject({ answered: 1, recent: [{ reply: { text: '4' } }] });
        expect(mesh.output()).not.toContain(TOKEN);
      } finally {
        await mesh.stop();
      }
    }));
});
