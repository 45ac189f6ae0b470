import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFileCollector, type Span } from '../../deploy/otel/fileCollector.mjs';
import { dataOf, send, socketClient, watch } from '../support/graphqlClient.js';
import { startWholeMesh, withFolder } from '../support/meshProcess.js';
import { eventually } from '../support/meshContract.js';
import { completes } from '../support/openAiServer.js';
import { hang, serveEndpoint, type Endpoint } from '../support/serveEndpoint.js';
import { isComplete, pathOf, rootsOf } from '../support/traceTree.js';

const KEY = 'sk-hunter2-hunter2';
const SECRETS = ['hunter2', 'Why is the sky', 'Because of Rayleigh', 'ada-the-customer'];
const CLIENT_SPAN = '00f067aa0ba902b7';
const ASK = `query Sky { ask(input: { taskClass: "test.wisdom", prompt: "Why is the sky blue?", customerId: "ada-the-customer" }) {
  text agent { name } task { id } } }`;

describe('a mesh in one process that exports its traces', () => {
  let folder: string;
  let collector: Awaited<ReturnType<typeof startFileCollector>>;
  let model: Endpoint;
  let mesh: Awaited<ReturnType<typeof startWholeMesh>>;

  const ask = (traceId: string, query = ASK) =>
    send<Record<string, unknown>>(mesh.url, query, {}, 'dev-admin', { traceparent: `00-${traceId}-${CLIENT_SPAN}-01` });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesh-test-'));
    [collector, model] = [await startFileCollector(), await serveEndpoint(completes({ text: 'Because of Rayleigh.' }))];
    mesh = await startWholeMesh(folder, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER_ARG: '0',
      MESH_EGRESS_ALLOW: model.host,
      MESH_MODEL_KEY_TEST: KEY,
      MESH_MODEL_KEY_TEST_HOSTS: model.host,
    });
    for (const change of [
      `modelRegister(input: { id: "sky/1", provider: "test", name: "sky-1", endpoint: "${model.url}/v1", apiKeyEnv: "MESH_MODEL_KEY_TEST",
         pricing: { inputPerMTokUsd: "1", outputPerMTokUsd: "1" } })`,
      `modelSetApproval(id: "sky/1", status: APPROVED)`,
      `agentRegister(input: { id: "sage", name: "Sage", transport: LLM, instructions: "Be brief.", modelIds: ["sky/1"],
         skills: [{ id: "wisdom", name: "Wisdom", taskClasses: ["test.wisdom"] }] })`,
    ])
      await dataOf(mesh.url, `mutation { ${change} { userErrors { message } } }`);
    // The gateway hears of them by event.
    await eventually(
      () => dataOf(mesh.url, ASK).catch(() => null),
      (answer) => answer !== null,
    );
  });
  afterAll(async () => {
    await mesh.stop();
    await collector.close();
    await model.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('has one trace of an ask, from the client through governance, plan, route, fetch, statements, model and events', async () => {
    const traceId = 'a1'.repeat(16);
    expect((await ask(traceId)).errors).toBeUndefined();
    const spans = await collector.trace(traceId, isComplete);

    const [root, ...orphans] = rootsOf(spans);
    expect(orphans).toEqual([]);
    expect(root).toMatchObject({
      name: 'query',
      kind: 'SERVER',
      parentId: CLIENT_SPAN,
      service: 'agent-mesh',
      attributes: { 'graphql.operation.name': 'Sky', 'http.response.status_code': 200, 'mesh.operation.outcome': 'ok' },
    });
    const agents = 'query > execute > fetch agents > agents';
    const paths = spans.map((span) => pathOf(span, spans));
    for (const path of [
      'query > govern',
      'query > plan',
      'query > route > decide Query.ask > fetch costs > costs > transaction > insert costs.reservation',
      `${agents} > transaction > insert agents.task`,
      `${agents} > invoke_agent Sage > chat sky-1 > POST`,
      `${agents} > transaction > send mesh.usage > transaction > insert events.log`,
      `${agents} > transaction > process mesh.usage > transaction > insert costs.ledger_entry`,
      `${agents} > transaction > process mesh.tasks > transaction > insert evaluations.evaluation`,
    ])
      expect(paths).toContain(path);
    expect(spans.filter(({ error }) => error !== null)).toEqual([]);
  });

  it('tells of agent and model what the conventions for generative AI ask for', async () => {
    const traceId = 'a2'.repeat(16);
    await ask(traceId);
    const spans = await collector.trace(traceId, isComplete);
    const usage = { 'gen_ai.usage.input_tokens': 12, 'gen_ai.usage.output_tokens': 5, 'gen_ai.usage.cache_read.input_tokens': 0 };
    const one = (name: string): Span => {
      const [found, ...others] = spans.filter((span) => span.name === name);
      expect(others).toEqual([]);
      return found!;
    };
    expect(one('invoke_agent Sage')).toMatchObject({
      kind: 'CLIENT',
      attributes: {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.provider.name': 'openai',
        'gen_ai.agent.id': 'sage',
        'gen_ai.agent.name': 'Sage',
        'gen_ai.request.model': 'sky-1',
        'mesh.model.id': 'sky/1',
        'mesh.task.class': 'test.wisdom',
        ...usage,
      },
    });
    expect(one('chat sky-1')).toMatchObject({
      kind: 'CLIENT',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'sky-1',
        'gen_ai.request.stream': false,
        'gen_ai.response.finish_reasons': ['stop'],
        'server.address': '127.0.0.1',
        ...usage,
      },
    });
    expect(model.requests.at(-1)!.headers['traceparent']).toBe(`00-${traceId}-${one('POST').spanId}-01`);
  });

  it('goes on with the trace in the worker that takes a queued task', async () => {
    const traceId = 'a3'.repeat(16);
    const mutation = `mutation { taskRun(input: { taskClass: "test.wisdom", prompt: "Why is the sky blue?" }) { userErrors { message } } }`;
    expect((await ask(traceId, mutation)).data).toEqual({ taskRun: { userErrors: [] } });
    const spans = await collector.trace(traceId, isComplete);
    const paths = spans.map((span) => pathOf(span, spans));
    expect(paths).toContain('mutation > execute > fetch agents > run task > invoke_agent Sage > chat sky-1 > POST');
    expect(rootsOf(spans)).toHaveLength(1);
  });

  it('has the code of what failed, in the span where it did', async () => {
    const traceId = 'a4'.repeat(16);
    model.behave(({ response }) => void response.writeHead(500).end());
    const { errors } = await ask(traceId);
    model.behave(completes({ text: 'Because of Rayleigh.' }));
    expect(errors?.[0]?.extensions.code).toBe('TASK_FAILED');
    const spans = await collector.trace(traceId, (found) => found.some(({ name }) => name === 'query'));
    const failed = spans.filter(({ error }) => error !== null).map(({ name, error }) => `${name}: ${error}`);
    expect(failed.sort()).toEqual([
      'POST: 500',
      'agents: TASK_FAILED',
      'chat sky-1: broke_down',
      'fetch agents: TASK_FAILED',
      'invoke_agent Sage: broke_down',
    ]);
  });

  it('leaves no trace of those who did not ask for one, and tells no text, key, customer or machine', async () => {
    await mesh.stop();
    expect(new Set(collector.spans().map(({ traceId }) => traceId))).toEqual(
      new Set(['a1', 'a2', 'a3', 'a4'].map((pair) => pair.repeat(16))),
    );
    for (const secret of [...SECRETS, hostname(), folder]) expect(collector.text()).not.toContain(secret);
    expect(mesh.output()).not.toContain('hunter2');
  });
});

it('traces each delivery of an event by itself, linked to the trace of the event', async () => {
  await withFolder(async (folder) => {
    const collector = await startFileCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '1', OTEL_SERVICE_NAME: 'own-name' };
    const mesh = await startWholeMesh(folder, env);
    const client = socketClient(mesh.url);
    const watching = watch<{ taskEvents: { task: { id: string } } }>(
      client,
      'subscription { taskEvents { kind task { id taskClass } } }',
    );
    await expect
      .poll(async () => (await fetch(`${mesh.url}/metrics`)).text(), { timeout: 30_000 })
      .toContain('mesh_active_subscriptions 1');
    const traceId = 'b1'.repeat(16);
    const query = '{ ask(input: { taskClass: "math.arithmetic", prompt: "12 * 7" }) { text } }';
    await send(mesh.url, query, {}, 'dev-admin', { traceparent: `00-${traceId}-${CLIENT_SPAN}-01` });
    await watching.take(3);
    await client.dispose();
    expect(await mesh.stop()).toBe(0);
    const spans = collector.spans();
    const deliveries = spans.filter(({ name }) => name === 'deliver event');
    expect(deliveries.length).toBeGreaterThanOrEqual(3);
    for (const { links, parentId, service, traceId: own } of deliveries) {
      expect(links.map((link) => link.traceId)).toEqual([traceId]);
      expect(parentId).toBeNull();
      expect(service).toBe('own-name');
      const inside = spans.filter((span) => span.traceId === own).map(({ name }) => name);
      expect(inside).toEqual(expect.arrayContaining(['govern', 'plan', 'fetch agents', 'agents']));
    }
    await collector.close();
  });
});

const unusable: [string, () => Promise<{ url: string; close(): Promise<unknown> }>][] = [
  ['is away', async () => ({ url: 'http://127.0.0.1:9', close: async () => undefined })],
  ['never answers', () => serveEndpoint(hang)],
];
it.each(unusable)('answers as ever, and ends, when the collector %s', async (_, open) => {
  await withFolder(async (folder) => {
    const collector = await open();
    const mesh = await startWholeMesh(folder, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '1' });
    const query = '{ ask(input: { taskClass: "math.arithmetic", prompt: "12 * 7" }) { text } }';
    for (let index = 0; index < 100; index++) expect(await dataOf(mesh.url, query)).toEqual({ ask: { text: '84' } });
    const stoppedAt = performance.now();
    expect(await mesh.stop()).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(30_000);
    expect(mesh.output().match(/traces could not be sent/g)?.length ?? 0).toBeLessThan(3);
    expect(mesh.output()).not.toMatch(/unhandled/i);
    await collector.close();
  });
});

it('loads the SDK when it is to export traces, and none of it otherwise', async () => {
  await withFolder(async (folder) => {
    const tell = join(folder, 'tell.cjs');
    await writeFile(
      tell,
      `if (require('node:worker_threads').isMainThread) process.on('exit', () => {
         const loaded = Object.keys(require.cache).filter((path) => /sdk-node|exporter-trace-otlp|context-async-hooks/.test(path));
         require('node:fs').writeSync(1, 'LOADED ' + loaded.length + '\\n');
       });`,
    );
    const loaded = async (env: Record<string, string>): Promise<number> => {
      const mesh = await startWholeMesh(join(folder, 'data'), { NODE_OPTIONS: `--require=${tell}`, ...env });
      await mesh.stop();
      return Number(/LOADED (\d+)/.exec(mesh.output())![1]);
    };
    expect(await loaded({})).toBe(0);
    expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })).toBeGreaterThan(0);
  });
});
