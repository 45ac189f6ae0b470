import { print } from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Governed } from '../../../gateway/pipeline/Serving.js';
import { followMesh } from '../../../gateway/watch/followMesh.js';
import { openPglite } from '../../../subgraphs/shared/database/openPglite.js';
import type { Database } from '../../../subgraphs/shared/database/Database.js';
import type { EventLog } from '../../../subgraphs/shared/eventlog/EventLog.js';
import { openTableEventLog } from '../../../subgraphs/shared/eventlog/tableEventLog.js';
import { newEvent } from '../../../subgraphs/shared/newEvent.js';
import { openControl, startTestGateway, type TestGateway } from '../support/startTestGateway.js';

describe('following a mesh', () => {
  let database: Database;
  let eventLog: EventLog;
  let denied: readonly string[] = [];
  beforeAll(async () => {
    database = await openPglite({ dataDir: null });
    eventLog = await openTableEventLog(database, { clock: Date.now, log: pino({ level: 'silent' }) });
  });
  afterAll(async () => {
    await eventLog.close();
    await database.close();
  });

  const start = (port = 0): Promise<TestGateway> =>
    startTestGateway({
      eventLog,
      config: { host: '127.0.0.1', port, auth: { devTokens: true, jwt: null }, consoleFolder: '/nowhere' },
      control: {
        govern: (document, variables, principal): Governed => {
          const governed = openControl.govern(document, variables, principal);
          const field = denied.find((name) => print(document).includes(`${name}(`));
          if (field === undefined) return governed;
          const error = { message: `${field} needs more.`, extensions: { code: 'FORBIDDEN' } };
          return { ...governed, denied: [error], nothingLeft: true };
        },
      },
    });
  const append = (taskId: string) => {
    const data = { tenant: 'demo', taskId, taskClass: 'x', kind: 'QUEUED', status: 'QUEUED', agentId: null, modelId: null };
    return eventLog.append('mesh.tasks', [newEvent('task.queued', taskId, data, { subgraph: 'agents', nowMs: Date.now() })]);
  };
  const follow = (url: string, token: string | undefined = 'dev-admin') => {
    const stopping = new AbortController();
    const tasks: string[] = [];
    const states: string[] = [];
    const ended = followMesh({
      url,
      token,
      signal: stopping.signal,
      onEvent: (stream, payload) => void tasks.push(`${stream} ${(payload as { task: { id: string } }).task.id}`),
      onState: (state) => void states.push(state),
    });
    return { tasks, states, ended, stop: () => stopping.abort() };
  };
  const subscribed = async (mesh: TestGateway, count: number): Promise<void> => {
    const read = async () =>
      Number(/^mesh_active_subscriptions (\d+)$/m.exec(await (await fetch(`${mesh.url}/metrics`)).text())![1]);
    await expect.poll(read).toBe(count);
  };

  it('goes on with exactly what was missed when the gateway has been away', async () => {
    let mesh = await start();
    const port = Number(new URL(mesh.url).port);
    const following = follow(mesh.url);
    await subscribed(mesh, 3);
    await append('t1');
    await expect.poll(() => following.tasks).toEqual(['taskEvents t1']);
    await mesh.close();
    for (const id of ['t2', 't3']) await append(id);
    mesh = await start(port);
    await expect.poll(() => following.tasks).toEqual(['taskEvents t1', 'taskEvents t2', 'taskEvents t3']);
    expect(following.states[0]).toBe(mesh.url);
    expect(following.states).toContain('connection lost, trying again (1)');
    expect(following.states.at(-1)).toBe(`${mesh.url}, connected again and gone on from where it was`);
    following.stop();
    await following.ended;
    await subscribed(mesh, 0);
    await mesh.close();
  });

  it('says so when events are no longer kept, and goes on from now', async () => {
    let mesh = await start();
    const port = Number(new URL(mesh.url).port);
    const following = follow(mesh.url);
    await subscribed(mesh, 3);
    await append('g1');
    await expect.poll(() => following.tasks).toHaveLength(1);
    await mesh.close();
    await database.query(`update events.topic set epoch = 'another' where topic = 'mesh.tasks'`);
    mesh = await start(port);
    await expect.poll(() => following.states.at(-1)).toBe(`${mesh.url}, some taskEvents are no longer kept and were missed`);
    await subscribed(mesh, 3);
    await append('g2');
    await expect.poll(() => following.tasks.at(-1)).toBe('taskEvents g2');
    following.stop();
    await following.ended;
    await mesh.close();
  });

  it('leaves out what the caller may not see, and says what', async () => {
    denied = ['routeDecisions', 'agentMetrics'];
    const mesh = await start();
    const following = follow(mesh.url);
    await expect
      .poll(() => following.states.at(-1)?.split(', without ')[1]?.split(', ').toSorted())
      .toEqual(['agentMetrics', 'routeDecisions']);
    await subscribed(mesh, 1);
    await append('p1');
    await expect.poll(() => following.tasks).toEqual(['taskEvents p1']);
    following.stop();
    await following.ended;
    denied = ['routeDecisions', 'agentMetrics', 'taskEvents'];
    await expect(follow(mesh.url).ended).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('taskEvents needs more.'),
    });
    denied = [];
    await mesh.close();
  });

  it('ends with a clear error when nobody answers and when the token does not hold', async () => {
    const mesh = await start();
    await expect(follow(mesh.url, 'nonsense').ended).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await mesh.close();
    await expect(follow(mesh.url).ended).rejects.toMatchObject({ code: 'SUBREQUEST_FAILED' });
  });
});
