import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeWindow } from '../../../../subgraphs/agents/metrics/closeWindow.js';
import { insertMetricSamples } from '../../../../subgraphs/agents/metrics/metricSamples.js';
import { agentsSubgraph } from '../../../../subgraphs/agents/server.js';
import type { Attempt } from '../../../../subgraphs/agents/Task.js';
import { sketchOf } from '../../../../subgraphs/shared/durationSketch.js';
import type { MeshEvent } from '../../../../subgraphs/shared/events.js';
import type { Queryable } from '../../../../subgraphs/shared/database/Database.js';
import { openSubgraph } from '../../../support/openSubgraph.js';

type Agents = Awaited<ReturnType<typeof openSubgraph>>;
type Window = MeshEvent<'metrics.window'>;

let agents: Agents;
let reader: Awaited<ReturnType<Agents['eventLog']['read']>>;
beforeAll(async () => {
  // Without its own ticker: here windows are closed by hand.
  agents = await openSubgraph({ ...agentsSubgraph, start: async () => [] });
});
afterAll(() => agents.close());
beforeEach(async () => {
  for (const table of ['metric_sample', 'metric_active', 'metric_window', 'task'])
    await agents.database.query(`delete from agents.${table}`);
  reader = await agents.eventLog.read('mesh.metrics', 'head');
});

const WINDOW = { windowSeconds: 5, hasTime: () => true };

function attempt(agentId: string, more: Partial<Attempt> = {}): Attempt {
  const made = { id: 'a', taskId: 't', modelId: 'm', startedAt: new Date(0), message: null };
  return { ...made, agentId, latencyMs: 10, outcome: 'SUCCEEDED', costUsd: '0.000000000001', ...more };
}

const sample = (attempts: Attempt[], tenant = 'demo') =>
  agents.database.transaction((tx) => insertMetricSamples(tx, tenant, attempts));

/** Closes the next window, and resolves to its events as they are in the log. */
async function nextWindow(): Promise<Window[]> {
  agents.advance(5_000);
  const count = await agents.database.transaction((tx) => closeWindow(tx, { endMs: agents.clock(), ...WINDOW }));
  const events: Window[] = [];
  while (events.length < count) events.push((await reader.next()).value!.event as Window);
  return events.sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

/** A task is only counted here, so that it needs no route. */
async function storeTask(id: string, status: string, agentId: string | null): Promise<void> {
  await agents.database.query(
    `insert into agents.task (id, tenant, task_class, status, field, principal, principal_entity, input, hint, agent_id, leased_until, created_at)
     values ($1, 'demo', 'x', $2, 'f', '{}', 'p', '{}', '{}', $3, '2100-01-01', now())`,
    [id, status, agentId],
  );
}

describe('a window of metrics', () => {
  it('tells for each agent how many attempts there were, how they ended, how long they took and what they cost', async () => {
    await sample([attempt('one', { latencyMs: 100 }), attempt('two', { outcome: 'TIMED_OUT', costUsd: null })]);
    await sample([attempt('one', { latencyMs: 300, outcome: 'FAILED' }), attempt('one', { latencyMs: 200, costUsd: '1.5' })]);
    const [one, two] = await nextWindow();
    expect(one).toMatchObject({ type: 'metrics.window', subject: 'one', time: new Date(agents.clock()).toISOString() });
    expect(one!.data).toEqual({
      tenant: 'demo',
      agentId: 'one',
      windowSeconds: 5,
      requests: 3,
      succeeded: 2,
      costUsd: '1.500000000002',
      sketch: sketchOf([100, 200, 300]),
      p50Ms: expect.closeTo(200, -0.6),
      p95Ms: expect.closeTo(200, -0.6),
      p99Ms: expect.closeTo(200, -0.6),
      queueDepth: 0,
      inFlight: 0,
    });
    expect(two!.data).toMatchObject({ agentId: 'two', requests: 1, succeeded: 0, costUsd: '0' });
  });

  it('leaves out what was skipped', async () => {
    await sample([attempt('one', { outcome: 'SKIPPED', latencyMs: null, costUsd: null })]);
    expect(await nextWindow()).toEqual([]);
  });

  it('holds every attempt once, when windows are closed again, late or by several at once', async () => {
    await sample([attempt('one'), attempt('one')]);
    agents.advance(5_000);
    const endMs = agents.clock();
    const close = () => agents.database.transaction((tx) => closeWindow(tx, { endMs, ...WINDOW }));
    const counts = await Promise.all([close(), close(), close()]);
    expect(counts.toSorted()).toEqual([0, 0, 1]);
    await sample([attempt('one')]);
    expect(await close()).toBe(0);
    expect(((await reader.next()).value!.event as Window).data.requests).toBe(2);
    agents.advance(10_000);
    const [late] = await nextWindow();
    expect(late!.data).toMatchObject({ requests: 1, windowSeconds: 15 });
  });

  it('loses nothing when the transaction that closes it fails', async () => {
    await sample([attempt('one')]);
    await nextWindow();
    await sample([attempt('one')]);
    agents.advance(5_000);
    const failing = agents.database.transaction(async (tx: Queryable) => {
      expect(await closeWindow(tx, { endMs: agents.clock(), ...WINDOW })).toBe(1);
      throw new Error('the process dies');
    });
    await expect(failing).rejects.toThrow('the process dies');
    expect((await nextWindow())[0]!.data).toMatchObject({ requests: 1, windowSeconds: 10 });
  });

  it('is empty once after the last with something in it, and then is not told of', async () => {
    await sample([attempt('one')]);
    await nextWindow();
    const [empty] = await nextWindow();
    expect(empty!.data).toMatchObject({ requests: 0, succeeded: 0, costUsd: '0', p50Ms: null, p95Ms: null, p99Ms: null });
    expect(await nextWindow()).toEqual([]);
  });

  it('tells of tasks that wait and that run for as long as there are any', async () => {
    await storeTask('t1', 'QUEUED', 'one');
    await storeTask('t2', 'QUEUED', 'one');
    await storeTask('t3', 'RUNNING', 'one');
    await storeTask('t4', 'QUEUED', null);
    await storeTask('t5', 'SUCCEEDED', 'two');
    for (let n = 0; n < 2; n++) {
      const windows = await nextWindow();
      expect(windows.map(({ data }) => [data.agentId, data.queueDepth, data.inFlight])).toEqual([['one', 2, 1]]);
    }
    await agents.database.query(`update agents.task set status = 'CANCELLED'`);
    expect((await nextWindow())[0]!.data).toMatchObject({ queueDepth: 0, inFlight: 0 });
    expect(await nextWindow()).toEqual([]);
  });

  it('leaves to the next window what it has no time for', async () => {
    await sample(Array.from({ length: 1_500 }, () => attempt('one')));
    agents.advance(5_000);
    const counts = () => agents.database.query<{ left: number }>('select count(*)::int as left from agents.metric_sample');
    await agents.database.transaction((tx) => closeWindow(tx, { endMs: agents.clock(), ...WINDOW, hasTime: () => false }));
    expect((await counts()).rows).toEqual([{ left: 500 }]);
    expect(((await reader.next()).value!.event as Window).data.requests).toBe(1_000);
    expect((await nextWindow())[0]!.data.requests).toBe(500);
  });

  it('takes many batches, and keeps tenants apart', async () => {
    const many = (agentId: string) => Array.from({ length: 1_200 }, (_, n) => attempt(agentId, { latencyMs: n % 100 }));
    await sample(many('one'), 'demo');
    await sample(many('two'), 'other');
    const windows = await nextWindow();
    expect(windows.map(({ data }) => [data.tenant, data.agentId, data.requests, data.costUsd])).toEqual([
      ['demo', 'one', 1_200, '0.0000000012'],
      ['other', 'two', 1_200, '0.0000000012'],
    ]);
    expect(windows[0]!.data.sketch).toEqual(sketchOf(Array.from({ length: 1_200 }, (_, n) => n % 100)));
  });
});
