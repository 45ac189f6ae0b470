import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { LIMITS } from '../../gateway/config/limits.js';
import { MeshError } from '../../gateway/errors.js';
import type { SubgraphClient } from '../../gateway/fetch/SubgraphClient.js';
import { askMeshOverHttp, rerouteOverHttp } from '../../gateway/transport/internalCalls.js';
import type { EventFeed, EventLog, LoggedEvent } from '../../subgraphs/shared/eventlog/EventLog.js';
import { newEvent } from '../../subgraphs/shared/newEvent.js';
import { ANONYMOUS, GATEWAY_PRINCIPAL, type Principal } from '../../subgraphs/shared/principal.js';
import { send, socketClient, watch } from '../support/graphqlClient.js';
import { makeShop } from '../support/shop.js';
import { startShopGateway } from './support/startShopGateway.js';
import { internalKey, openControl, startTestGateway, supergraphSdl } from './support/startTestGateway.js';

describe('a gateway', () => {
  it('drains when it closes: what runs is answered, sockets are told, nobody new is let in', async () => {
    let release: (() => void) | undefined;
    const order: string[] = [];
    const mesh = await startTestGateway({
      resolvers: { Query: { agent: () => new Promise((resolve) => (release = () => resolve({ id: 'a', name: 'Late' }))) } },
      control: { close: async () => void order.push('control') },
    });
    const socket = new WebSocket(`${mesh.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    const told = once(socket, 'close');
    const running = send(mesh.url, '{ agent(id: "a") { name } }').then((answer) => {
      order.push('answer');
      return answer;
    });
    await expect.poll(() => release).toBeDefined();
    const closing = mesh.close();
    await expect(fetch(`${mesh.url}/readyz`)).rejects.toThrow();
    release!();
    expect((await running).data).toEqual({ agent: { name: 'Late' } });
    expect((await told)[0]).toBe(1001);
    await closing;
    expect(order).toEqual(['answer', 'control']);
    await mesh.close();
  });

  it('says what is missing until it is ready', async () => {
    const missing = ['the snapshot of costs'];
    const mesh = await startTestGateway({ control: { missing: () => missing } });
    const response = await fetch(`${mesh.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'waiting', missing: ['the snapshot of costs'] });
    let ready = false;
    const whenReady = mesh.gateway.ready().then(() => (ready = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(ready).toBe(false);
    missing.pop();
    await whenReady;
    expect((await fetch(`${mesh.url}/readyz`)).status).toBe(200);
    await mesh.close();
  });

  it('refuses governed and routed fields by a stale snapshot, and serves the rest', async () => {
    const mesh = await startTestGateway({
      resolvers: { Query: { agent: (_: unknown, { id }: { id: string }) => ({ id }) } },
      control: { snapshotAgeMs: () => 31_000 },
    });
    expect((await send(mesh.url, '{ agent(id: "a") { id } }')).status).toBe(200);
    const routed = await send(mesh.url, '{ ask(input: { taskClass: "x" }) { text } }');
    expect(routed).toMatchObject({ status: 503, errors: [{ extensions: { code: 'SNAPSHOT_STALE' } }] });
    await mesh.close();
  });

  it('leaves out a routed field that cannot be routed just now, with an error at its place, and answers the rest', async () => {
    const mesh = await startTestGateway({
      resolvers: { Query: { agent: (_: unknown, { id }: { id: string }) => ({ id }), ask: () => ({ text: 'yes' }) } },
      control: {
        route: async (routed) =>
          Object.fromEntries(
            routed.map(({ hintVariable, responseName }) => [
              hintVariable,
              responseName === 'poor' ? new MeshError('BUDGET_UNAVAILABLE', 'Budgets cannot be asked.') : 'hint',
            ]),
          ),
      },
    });
    const answer = await send(
      mesh.url,
      '{ agent(id: "a") { id } poor: ask(input: { taskClass: "x" }) { text } rich: ask(input: { taskClass: "x" }) { text } }',
    );
    expect(answer).toMatchObject({ status: 200, data: { agent: { id: 'a' }, poor: null, rich: { text: 'yes' } } });
    expect(answer.errors).toEqual([
      expect.objectContaining({ path: ['poor'], extensions: expect.objectContaining({ code: 'BUDGET_UNAVAILABLE' }) }),
    ]);
    await mesh.close();
  });

  it('refuses a port that is taken and names the way out', async () => {
    const first = await startTestGateway();
    const port = Number(new URL(first.url).port);
    const auth = { devTokens: true, jwt: null };
    await expect(
      startTestGateway({ config: { host: '127.0.0.1', port, auth, consoleFolder: '/nowhere' } }),
    ).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringMatching(new RegExp(`${port}.*PORT`)) });
    await first.close();
  });

  it('takes a new supergraph while it runs, and keeps the old one when the new one is broken', async () => {
    const mesh = await startTestGateway();
    const named = '{ __type(name: "Agent") { description } }';
    const before = await send(mesh.url, named);
    await expect(mesh.gateway.reload({ sdl: 'type Query { a: Int }', clients: new Map() })).rejects.toMatchObject({
      code: 'INVALID_SUPERGRAPH',
    });
    expect(await send(mesh.url, named)).toEqual(before);
    const sdl = supergraphSdl.replace(/\bsupervisor: Agent\b/, 'chief: Agent @join__field(graph: AGENTS)\n  supervisor: Agent');
    expect((await send(mesh.url, '{ agent(id: "a") { chief { id } } }')).status).toBe(400);
    await mesh.gateway.reload({ sdl, clients: new Map() });
    expect((await send(mesh.url, '{ agent(id: "a") { chief { id } } }')).errors).toMatchObject([
      { path: ['agent'], extensions: { code: 'SUBREQUEST_FAILED' } },
    ]);
    await mesh.close();
  });

  it('moves subscriptions to a new supergraph, and ends those that do not fit it, saying how to go on', async () => {
    const log = fedByHand();
    const byId = async ({ id }: { id: string }) => ({ id, taskClass: 'first' });
    const mesh = await startTestGateway({
      eventLog: log.eventLog,
      resolvers: { Task: { __resolveReference: byId }, Agent: { __resolveReference: byId } },
    });
    const client = socketClient(mesh.url);
    const fitting = watch<{ taskEvents: object }>(client, 'subscription { taskEvents { kind task { id taskClass } } }');
    const broken = watch(client, 'subscription { taskEvents { agent { id supervisor { id } } } }');
    await expect.poll(log.readers).toBe(2);
    log.feed('t1');
    expect((await fitting.take(1))[0]).toMatchObject({ taskEvents: { task: { id: 't1', taskClass: 'first' } } });
    await broken.take(1);

    const old = countClosed(mesh.clients);
    const answering: SubgraphClient = {
      request: async () => ({ data: { _entities: [{ __typename: 'Task', taskClass: 'moved' }] } }),
      close: async () => undefined,
    };
    const sdl = supergraphSdl.replace(/\bsupervisor: Agent\b/, 'boss: Agent');
    await mesh.gateway.reload({ sdl, clients: new Map([['agents', answering]]) });
    await expect(broken.take(1)).rejects.toMatchObject([
      { message: expect.stringMatching(/supervisor.*last cursor/), extensions: { code: 'SCHEMA_CHANGED' } },
    ]);
    log.feed('t2');
    expect(await fitting.take(1)).toEqual([{ taskEvents: { kind: 'QUEUED', task: { id: 't2', taskClass: 'moved' } } }]);
    expect(log.readers()).toBe(1);
    await client.dispose();
    // The old one waits for what began on it; a gateway that closes does not leave it behind.
    expect(old()).toBe(0);
    await mesh.close();
    expect(old()).toBe(mesh.clients.size);
  });

  it('serves the old supergraph until nothing is missing for the new one', async () => {
    const missing = [['nothing is read yet']];
    const controls = [openControl, { ...openControl, missing: () => missing.flat() }];
    const mesh = await startTestGateway({ createControl: () => controls.shift()! });
    const sdl = supergraphSdl.replace(/\bsupervisor: Agent\b/, 'chief: Agent @join__field(graph: AGENTS)\n  supervisor: Agent');
    const query = '{ agent(id: "a") { chief { id } } }';
    let reloaded = false;
    const reloading = mesh.gateway.reload({ sdl, clients: new Map() }).then(() => (reloaded = true));
    expect((await send(mesh.url, query)).status).toBe(400);
    expect(reloaded).toBe(false);
    missing.pop();
    await reloading;
    expect((await send(mesh.url, query)).status).toBe(200);
    await mesh.close();
  });

  it('gives up a new supergraph that is not ready when the gateway closes, and closes what was made for it', async () => {
    let closed = 0;
    const controls = [openControl, { ...openControl, missing: () => ['everything'], close: async () => void closed++ }];
    const mesh = await startTestGateway({ createControl: () => controls.shift()! });
    const client: SubgraphClient = { request: () => Promise.reject(new Error('unused')), close: async () => void closed++ };
    const reloading = mesh.gateway.reload({ sdl: supergraphSdl, clients: new Map([['agents', client]]) });
    const refused = expect(reloading).rejects.toMatchObject({
      code: 'SNAPSHOT_STALE',
      message: expect.stringMatching(/old one/),
    });
    await mesh.close();
    await refused;
    expect(closed).toBe(2);
    const broken = await startTestGateway();
    await expect(broken.gateway.reload({ sdl: 'no', clients: new Map([['agents', client]]) })).rejects.toThrow();
    expect(closed).toBe(3);
    await broken.close();
  });

  it('waits with another supergraph while so many old ones still end their work', async () => {
    const { gateway, url, close } = await startShopGateway();
    const { supergraphSdl: sdl } = makeShop();
    for (let count = 0; count < LIMITS.retiringSupergraphs; count++) await gateway.reload({ sdl, clients: new Map() });
    let isServed = false;
    const waiting = gateway.reload({ sdl: sdl.replace('motto', 'saying'), clients: new Map() }).then(() => (isServed = true));
    const refused = expect(waiting).rejects.toMatchObject({ code: 'SNAPSHOT_STALE' });
    for (let asked = 0; asked < 20; asked++)
      expect(await send(url, '{ __type(name: "Shop") { fields { name } } }')).toMatchObject({ status: 200 });
    expect((await send(url, '{ shop { saying } }')).status).toBe(400);
    await close();
    await refused;
    expect(isServed).toBe(false);
  });

  it('puts nothing on record that a stale snapshot decided', async () => {
    let recorded = 0;
    const denied = [{ message: 'No.', path: ['agent'], extensions: { code: 'FORBIDDEN' } }];
    const mesh = await startTestGateway({
      eventLog: fedByHand().eventLog,
      control: {
        snapshotAgeMs: () => Infinity,
        govern: (document) => ({ document, denied, nothingLeft: true, byPolicies: true, record: () => void recorded++ }),
      },
    });
    const stale = [{ extensions: { code: 'SNAPSHOT_STALE' } }];
    expect(await send(mesh.url, '{ agent(id: "a") { id } }')).toMatchObject({ status: 503, errors: stale });
    const client = socketClient(mesh.url);
    await expect(watch(client, 'subscription { taskEvents { kind } }').take(1)).rejects.toMatchObject(stale);
    expect(recorded).toBe(0);
    await client.dispose();
    await mesh.close();
  });

  it('routes a stored task anew for holders of the internal key only', async () => {
    const mesh = await startTestGateway();
    const request = { principal: GATEWAY_PRINCIPAL, field: 'Mutation.taskRun', input: { taskClass: 'x' } };
    const clock = Date.now;
    expect(await rerouteOverHttp(mesh.url, { internalKey, clock })(request)).toBe('a hint for Mutation.taskRun');
    const stranger = new TextEncoder().encode('another key that has thirty-two characters');
    await expect(rerouteOverHttp(mesh.url, { internalKey: stranger, clock })(request)).rejects.toMatchObject({
      code: 'CONTEXT_REQUIRED',
    });
    const unsigned = await fetch(`${mesh.url}/internal/route`, { method: 'POST', body: JSON.stringify(request) });
    expect(unsigned.status).toBe(401);
    await mesh.close();
  });

  it('answers the operations of subgraphs, in the same process and over HTTP, as whom they say', async () => {
    const seen: unknown[] = [];
    const resolvers = {
      Query: {
        task: (_: unknown, { id }: { id: string }, { request }: { request: { principal: Principal } }) => {
          seen.push(request.principal);
          return { id, tenant: 'acme', taskClass: 'c', status: 'SUCCEEDED', attempts: [], createdAt: new Date(0) };
        },
        ask: () => {
          throw new MeshError('TASK_FAILED', 'Every candidate failed.');
        },
      },
    };
    const mesh = await startTestGateway({ resolvers });
    const clock = Date.now;
    const service: Principal = { ...ANONYMOUS, id: 'mesh-evaluations', kind: 'SERVICE', tenant: 'acme', scopes: ['tasks.read'] };
    const query = { query: 'query ($id: ID!) { task(id: $id) { id tenant } }', variables: { id: 't' } };
    for (const askMesh of [mesh.gateway.askMesh, askMeshOverHttp(mesh.url, { internalKey, clock })]) {
      expect(await askMesh(service, query)).toEqual({ data: { task: { id: 't', tenant: 'acme' } } });
      const failed = await askMesh(service, { query: '{ ask(input: { taskClass: "c" }) { text } }' });
      expect(failed).toMatchObject({ data: { ask: null }, errors: [{ path: ['ask'], extensions: { code: 'TASK_FAILED' } }] });
      for (const [wrong, code] of [
        ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
        ['{', 'GRAPHQL_PARSE_FAILED'],
        ['{ _snapshot }', 'GRAPHQL_VALIDATION_FAILED'],
      ] as const)
        expect(await askMesh(service, { query: wrong })).toMatchObject({ data: null, errors: [{ extensions: { code } }] });
    }
    expect(seen).toEqual([service, service]);
    const stranger = new TextEncoder().encode('another key of at least thirty-two characters');
    const forged = await askMeshOverHttp(mesh.url, { internalKey: stranger, clock })(service, query);
    expect(forged).toMatchObject({ errors: [{ extensions: { code: 'CONTEXT_REQUIRED' } }] });
    const unsigned = await fetch(`${mesh.url}/internal/graphql`, { method: 'POST', body: JSON.stringify(query) });
    expect(unsigned.status).toBe(401);
    await mesh.close();
    await expect(mesh.gateway.askMesh(service, query)).rejects.toMatchObject({ code: 'TOO_BUSY' });
    await expect(askMeshOverHttp(mesh.url, { internalKey, clock })(service, query)).rejects.toMatchObject({ code: 'TOO_BUSY' });
  });

  it('serves the console and nothing around it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'console-'));
    const consoleFolder = join(folder, 'console');
    await mkdir(join(consoleFolder, 'assets'), { recursive: true });
    await writeFile(join(consoleFolder, 'index.html'), '<title>GraphiQL</title>');
    await writeFile(join(consoleFolder, 'assets/main-1.js'), 'code');
    await writeFile(join(consoleFolder, '.built-from'), 'hidden');
    await writeFile(join(folder, 'secret.js'), 'secret');
    await mkdir(`${consoleFolder}-old`);
    await writeFile(join(`${consoleFolder}-old`, 'old.js'), 'old');
    const config = { host: '127.0.0.1', port: 0, auth: { devTokens: true, jwt: null }, consoleFolder };
    const mesh = await startTestGateway({ config });
    const page = await fetch(`${mesh.url}/graphiql`);
    expect(page.url).toBe(`${mesh.url}/graphiql/`);
    expect(await page.text()).toContain('GraphiQL');
    const script = await fetch(`${mesh.url}/graphiql/assets/main-1.js`);
    expect(script.headers.get('content-type')).toContain('text/javascript');
    for (const path of [
      '..%2fsecret.js',
      '..%5csecret.js',
      '../secret.js',
      '%2e%2e/secret.js',
      '.built-from',
      '..%2fconsole-old%2fold.js',
      'a%00.js',
      '%',
      'assets',
    ]) {
      expect(await rawStatus(mesh.url, `/graphiql/${path}`), path).toBe(404);
    }
    await mesh.close();
    await rm(folder, { recursive: true });

    const unbuilt = await startTestGateway();
    const hint = await fetch(`${unbuilt.url}/graphiql/`);
    expect(hint.status).toBe(404);
    expect(await hint.text()).toContain('npm run build');
    await unbuilt.close();
  });
});

/** An event log of one topic, fed by hand. */
function fedByHand() {
  const events: LoggedEvent[] = [];
  const wake = new Set<() => void>();
  let readers = 0;
  const read = async (): Promise<EventFeed> => {
    let next = events.length;
    let stopped = false;
    readers++;
    const reader: EventFeed = {
      next: async () => {
        while (!stopped && next === events.length) await new Promise<void>((resolve) => wake.add(resolve));
        return stopped ? { value: undefined, done: true } : { value: events[next++]!, done: false };
      },
      stop: async () => {
        if (!stopped) readers--;
        stopped = true;
        for (const look of wake) look();
      },
      [Symbol.asyncIterator]: () => reader,
    };
    return reader;
  };
  const eventLog = { read, head: async () => String(events.length) } as unknown as EventLog;
  const feed = (taskId: string): void => {
    const data = { tenant: 'demo', taskId, taskClass: 'x', kind: 'QUEUED', status: 'QUEUED', agentId: 'a1', modelId: null };
    events.push({ cursor: taskId, event: newEvent('task.queued', taskId, data, { subgraph: 'agents', nowMs: Date.now() }) });
    for (const look of wake) look();
    wake.clear();
  };
  return { eventLog, feed, readers: () => readers };
}

function countClosed(clients: ReadonlyMap<string, SubgraphClient>): () => number {
  let closed = 0;
  for (const client of clients.values()) client.close = async () => void closed++;
  return () => closed;
}

/** Sends the path as it is; `fetch` would resolve its dots. */
function rawStatus(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
