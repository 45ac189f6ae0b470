import { createClient } from 'graphql-ws';
import { once } from 'node:events';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { MeshError } from '../../../gateway/errors.js';
import type { Governed } from '../../../gateway/pipeline/Serving.js';
import { openPglite } from '../../../subgraphs/shared/database/openPglite.js';
import { EMPTY_SKETCH } from '../../../subgraphs/shared/durationSketch.js';
import type { Database } from '../../../subgraphs/shared/database/Database.js';
import type { EventLog } from '../../../subgraphs/shared/eventlog/EventLog.js';
import { openTableEventLog } from '../../../subgraphs/shared/eventlog/tableEventLog.js';
import { newEvent } from '../../../subgraphs/shared/newEvent.js';
import { socketClient, watch } from '../../support/graphqlClient.js';
import { openControl, startTestGateway, type TestGateway } from '../support/startTestGateway.js';

const SUBSCRIPTION = `subscription ($after: String, $taskClass: String, $agentId: ID) {
  taskEvents(after: $after, taskClass: $taskClass, agentId: $agentId) { kind cursor task { id taskClass } agent { who: name } }
}`;
type Seen = {
  taskEvents: { kind: string; cursor: string; task: { id: string; taskClass: string }; agent: { who: string } | null };
};
const METRICS = `subscription ($after: String, $agentIds: [ID!]) {
  agentMetrics(after: $after, agentIds: $agentIds) { cursor windowSeconds requests successRate p50Ms p99Ms costUsd agent { who: name } }
}`;
type SeenWindow = { agentMetrics: { cursor: string; requests: number; agent: { who: string }; [field: string]: unknown } };

describe('the WebSocket entrance', () => {
  let mesh: TestGateway;
  let database: Database;
  let eventLog: EventLog;
  let denied: Partial<Governed> | undefined;
  let denials = 0;
  let beforeAgent = async (): Promise<void> => undefined;

  beforeAll(async () => {
    database = await openPglite({ dataDir: null });
    eventLog = await openTableEventLog(database, {
      clock: Date.now,
      log: pino({ level: 'silent' }),
    });
    mesh = await startTestGateway({
      eventLog,
      resolvers: {
        Query: { agent: (_: unknown, { id }: { id: string }) => ({ id, name: `Agent ${id}` }) },
        Task: { __resolveReference: async ({ id }: { id: string }) => ({ id, taskClass: `class of ${id}` }) },
        Agent: {
          __resolveReference: async ({ id }: { id: string }) => {
            await beforeAgent();
            return { id, name: `Agent ${id}` };
          },
        },
      },
      control: {
        govern: (document, variables, principal) => ({
          ...openControl.govern(document, variables, principal),
          ...denied,
          record: () => void (denied && denials++),
        }),
      },
    });
  });
  afterAll(async () => {
    await mesh.close();
    await eventLog.close();
    await database.close();
  });
  beforeEach(() => {
    denied = undefined;
  });

  const append = (
    taskId: string,
    kind = 'QUEUED',
    more: { tenant?: string; taskClass?: string; agentId?: string | null } = {},
  ) => {
    const type = `task.${kind.toLowerCase()}` as 'task.queued';
    const data = { tenant: 'demo', taskId, taskClass: 'x', kind, status: kind, agentId: 'a1', modelId: null, ...more };
    return eventLog.append('mesh.tasks', [newEvent(type, taskId, data, { subgraph: 'agents', nowMs: Date.now() })]);
  };
  const appendWindow = (agentId: string, requests: number) => {
    const none = { tenant: 'demo', agentId, windowSeconds: 5, costUsd: '0', queueDepth: 0, inFlight: 0 };
    const data = { ...none, requests, succeeded: 1, sketch: EMPTY_SKETCH, p50Ms: 1, p95Ms: 2, p99Ms: 3 };
    return eventLog.append('mesh.metrics', [
      newEvent('metrics.window', agentId, data, { subgraph: 'agents', nowMs: Date.now() }),
    ]);
  };
  const active = async (): Promise<number> => {
    const text = await (await fetch(`${mesh.url}/metrics`)).text();
    return Number(/^mesh_active_subscriptions (\d+)$/m.exec(text)![1]);
  };
  const errorsOf = (query: string, variables: Record<string, unknown> = {}, token = 'dev-admin') =>
    new Promise<unknown>((resolve) => {
      const client = socketClient(mesh.url, token);
      const done = (value: unknown) => {
        void client.dispose();
        resolve(value);
      };
      client.subscribe({ query, variables }, { next: done, error: done, complete: () => done('completed') });
    });

  it('answers queries, and shows events with the rest of their selection', async () => {
    const client = socketClient(mesh.url);
    expect(await watch(client, '{ agent(id: "a") { name } }').take(1)).toEqual([{ agent: { name: 'Agent a' } }]);
    const watching = watch<Seen>(client, SUBSCRIPTION);
    await expect.poll(active).toBe(1);
    await append('t1');
    await append('t1', 'RUNNING', { agentId: null });
    const seen = await watching.take(2);
    expect(seen).toEqual([
      {
        taskEvents: {
          kind: 'QUEUED',
          cursor: expect.any(String),
          task: { id: 't1', taskClass: 'class of t1' },
          agent: { who: 'Agent a1' },
        },
      },
      { taskEvents: { kind: 'RUNNING', cursor: expect.any(String), task: { id: 't1', taskClass: 'class of t1' }, agent: null } },
    ]);
    watching.stop();
    await expect.poll(active).toBe(0);
    await client.dispose();
  });

  it('goes on from a cursor with exactly what was missed', async () => {
    const first = socketClient(mesh.url);
    const watching = watch<Seen>(first, SUBSCRIPTION);
    await expect.poll(active).toBe(1);
    await append('r1');
    const [seen] = await watching.take(1);
    await first.dispose();
    for (const id of ['r2', 'r3', 'r4']) await append(id);
    const second = socketClient(mesh.url);
    const resumed = await watch<Seen>(second, SUBSCRIPTION, { after: seen!.taskEvents.cursor }).take(3);
    expect(resumed.map(({ taskEvents }) => taskEvents.task.id)).toEqual(['r2', 'r3', 'r4']);
    await second.dispose();
    await expect.poll(active).toBe(0);
  });

  it('shows only events of the tenant that the arguments ask for', async () => {
    const client = socketClient(mesh.url);
    const byClass = watch<Seen>(client, SUBSCRIPTION, { taskClass: 'mine' });
    const byAgent = watch<Seen>(client, SUBSCRIPTION, { agentId: 'a2' });
    await expect.poll(active).toBe(2);
    await append('f1', 'QUEUED', { taskClass: 'mine', tenant: 'other' });
    await append('f2', 'QUEUED', { taskClass: 'other' });
    await append('f3', 'QUEUED', { taskClass: 'mine' });
    await append('f4', 'RUNNING', { agentId: 'a2' });
    expect((await byClass.take(1))[0]!.taskEvents.task.id).toBe('f3');
    expect((await byAgent.take(1))[0]!.taskEvents.task.id).toBe('f4');
    await client.dispose();
    await expect.poll(active).toBe(0);
  });

  it('withholds the event when the caller lost access after subscribing', async () => {
    const client = socketClient(mesh.url);
    const watching = watch<Seen>(client, SUBSCRIPTION);
    await expect.poll(active).toBe(1);
    await append('w1');
    await watching.take(1);
    denied = { nothingLeft: true, denied: [{ message: 'No more.', path: ['taskEvents'], extensions: { code: 'FORBIDDEN' } }] };
    denials = 0;
    await append('w2');
    await expect(watching.take(1)).rejects.toMatchObject([{ message: 'No more.', extensions: { code: 'FORBIDDEN' } }]);
    expect(denials).toBe(1);
    await client.dispose();
    await expect.poll(active).toBe(0);
  });

  it.each<[string, string, Record<string, unknown>, string]>([
    ['a syntax error', 'subscription {', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { nothing }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['an operation that is too large', `{ agent(id: "a") { ${'name '.repeat(4_000)} } }`, {}, 'OPERATION_TOO_LARGE'],
    ['a wrong variable', SUBSCRIPTION, { taskClass: 7 }, 'BAD_USER_INPUT'],
    ['what is no cursor', SUBSCRIPTION, { after: 'yesterday' }, 'BAD_CURSOR'],
    [
      'a condition that validation cannot know',
      'subscription ($no: Boolean = false) { taskEvents @include(if: $no) { kind } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a field that is left out', 'subscription { taskEvents @include(if: false) { kind } }', {}, 'SUBSCRIPTION_UNSUPPORTED'],
  ])('refuses %s as an error of that operation', async (_, query, variables, code) => {
    expect(await errorsOf(query, variables)).toMatchObject([{ extensions: { code } }]);
  });

  it('tells of a gap instead of leaving events out', async () => {
    const elsewhere = await openPglite({ dataDir: null });
    const other = await openTableEventLog(elsewhere, {
      clock: Date.now,
      log: pino({ level: 'silent' }),
    });
    const cursor = await other.head('mesh.tasks');
    await other.close();
    await elsewhere.close();
    expect(await errorsOf(SUBSCRIPTION, { after: cursor })).toMatchObject([{ extensions: { code: 'EVENT_GAP' } }]);
  });

  it('closes with 4403 for a token that does not hold, and with 4401 for who speaks first', async () => {
    for (const authorization of ['Bearer nonsense', 7, null, { token: 'dev-admin' }]) {
      const closed = await new Promise<{ code: number; reason?: string }>((resolve) => {
        createClient({
          url: `${mesh.url.replace('http', 'ws')}/graphql`,
          webSocketImpl: WebSocket,
          connectionParams: { authorization },
          lazy: false,
          retryAttempts: 0,
          on: { connected: () => resolve({ code: 0 }) },
          onNonLazyError: (event) => resolve(event as { code: number; reason: string }),
        });
      });
      expect(closed.code).toBe(4403);
      expect(closed.reason).toMatch(
        /^UNAUTHENTICATED: The token is (unknown|not a string)\. Send a valid `Authorization: Bearer`/,
      );
    }
    const socket = new WebSocket(`${mesh.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ __typename }' } }));
    expect((await once(socket, 'close'))[0]).toBe(4401);
  });

  it('refuses another path, another protocol, a page of elsewhere and a message over 2 MB', async () => {
    const base = mesh.url.replace('http', 'ws');
    const refused = async (path: string, headers: Record<string, string>) => {
      const socket = new WebSocket(`${base}${path}`, 'graphql-transport-ws', { headers });
      const [error] = (await once(socket, 'error')) as [Error];
      return error.message;
    };
    expect(await refused('/elsewhere', {})).toContain('404');
    expect(await refused('/graphql', { origin: 'https://evil.example' })).toContain('403');
    const odd = new WebSocket(`${base}/graphql`, 'graphql-ws');
    expect(((await once(odd, 'error')) as [Error])[0].message).toContain('subprotocol');
    const large = new WebSocket(`${base}/graphql`, 'graphql-transport-ws');
    await once(large, 'open');
    large.send('a'.repeat(2_200_000));
    expect((await once(large, 'close'))[0]).toBe(1009);
  });

  it('reports a failing event log as our fault and keeps the connection', async () => {
    const client = socketClient(mesh.url);
    const read = eventLog.read;
    eventLog.read = () => Promise.reject(new MeshError('DATABASE_UNREACHABLE', 'postgres://user:secret@db does not answer'));
    const failure = await new Promise<unknown>((resolve) => {
      client.subscribe({ query: SUBSCRIPTION }, { next: resolve, error: resolve, complete: () => resolve('completed') });
    });
    eventLog.read = read;
    expect(failure).toMatchObject([{ extensions: { code: 'DATABASE_UNREACHABLE', traceId: expect.any(String) } }]);
    expect(JSON.stringify(failure)).not.toContain('secret');
    expect(await watch(client, '{ agent(id: "b") { name } }').take(1)).toHaveLength(1);
    await client.dispose();
  });

  it('shows a slow client the newest window of each agent that it asked for, and goes on from its cursor', async () => {
    let reads = 0;
    const read = eventLog.read;
    eventLog.read = async (topic, from) => {
      const reader = await read.call(eventLog, topic, from);
      const next = reader.next;
      reader.next = () => next().finally(() => reads++);
      return reader;
    };
    const client = socketClient(mesh.url);
    const watching = watch<SeenWindow>(client, METRICS, { agentIds: ['a', 'b'] });
    await expect.poll(active).toBe(1);
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const begun = new Promise<void>((resolve) => {
      beforeAgent = async () => {
        resolve();
        await slow;
      };
    });
    await appendWindow('a', 1);
    await begun;
    for (let requests = 2; requests <= 9; requests++)
      for (const agentId of ['a', 'x', 'b']) await appendWindow(agentId, requests);
    await expect.poll(() => reads).toBe(25);
    finish();
    const seen = await watching.take(3);
    expect(seen.map(({ agentMetrics: { agent, requests } }) => [agent.who, requests])).toEqual([
      ['Agent a', 1],
      ['Agent a', 9],
      ['Agent b', 9],
    ]);
    expect(seen[1]!.agentMetrics).toMatchObject({ successRate: 1 / 9, p50Ms: 1, p99Ms: 3, costUsd: '0', windowSeconds: 5 });
    await client.dispose();
    await appendWindow('a', 10);
    const again = socketClient(mesh.url);
    const resumed = watch<SeenWindow>(again, METRICS, { after: seen[1]!.agentMetrics.cursor, agentIds: null });
    expect((await resumed.take(3)).map(({ agentMetrics: { agent, requests } }) => [agent.who, requests])).toEqual([
      ['Agent x', 9],
      ['Agent b', 9],
      ['Agent a', 10],
    ]);
    await again.dispose();
    await expect.poll(active).toBe(0);
    eventLog.read = read;
  });

  it.each([
    ['events', SUBSCRIPTION],
    ['metrics', METRICS],
  ])('leaves nothing behind of 1,000 subscriptions to %s whose clients go away', async (_, query) => {
    const readers = { open: 0 };
    const read = eventLog.read;
    eventLog.read = async (topic, from) => {
      const reader = await read.call(eventLog, topic, from);
      readers.open++;
      const stop = reader.stop;
      let stopped = false;
      reader.stop = async () => {
        if (!stopped) readers.open--;
        stopped = true;
        await stop();
      };
      return reader;
    };
    const clients = Array.from({ length: 10 }, () => socketClient(mesh.url));
    for (const client of clients) for (let n = 0; n < 100; n++) watch(client, query);
    await expect.poll(active, { timeout: 20_000 }).toBe(1_000);
    expect(readers.open).toBe(1_000);
    // Half of them say goodbye, half are cut off.
    for (const client of clients.slice(0, 5)) await client.dispose();
    for (const client of clients.slice(5)) client.terminate();
    await expect.poll(active, { timeout: 20_000 }).toBe(0);
    expect(readers.open).toBe(0);
    eventLog.read = read;
  });
});
