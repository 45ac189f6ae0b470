import { afterEach, expect, it } from 'vitest';
import { createRunner, type Runner } from '../../../../subgraphs/agents/runner/createRunner.js';
import { agentsSubgraph } from '../../../../subgraphs/agents/server.js';
import type { AgentResult, AgentTransport } from '../../../../subgraphs/agents/transports/AgentTransport.js';
import { newEvent } from '../../../../subgraphs/shared/newEvent.js';
import { signRouteHint } from '../../../../subgraphs/shared/routeHint.js';
import type { SubgraphDefinition, SubgraphResources } from '../../../../subgraphs/shared/Subgraph.js';
import { rankedCandidate, task } from '../../../support/agentCall.js';
import type { Queryable } from '../../../../subgraphs/shared/database/Database.js';
import { ADMIN, openSubgraph } from '../../../support/openSubgraph.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

it('gives a task back when the process ends, pays what was tried, and another runner ends it', async () => {
  const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 };
  const refuses: AgentResult = { kind: 'failed', message: 'no', usage, brokeDown: false };
  let began: () => void = () => undefined;
  const second = new Promise<void>((resolve) => (began = resolve));
  const first: AgentTransport = {
    call: async ({ candidate }) => {
      if (candidate.modelId === 'm1') return refuses;
      began();
      return new Promise(() => undefined);
    },
    close: async () => undefined,
  };
  const next: AgentTransport = {
    call: async () => ({ kind: 'answered', answer: { text: '4', output: {} }, usage }),
    close: async () => undefined,
  };
  const runners: Runner[] = [];
  const given: SubgraphResources[] = [];
  const definition: SubgraphDefinition = {
    ...agentsSubgraph,
    start: async (resources) => {
      given.push(resources);
      runners.push(createRunner(resources, new Map([['HTTP', first]]), 0));
      return [];
    },
  };
  const ranked = [rankedCandidate({ modelId: 'm1' }), rankedCandidate({ modelId: 'm2' })];
  const { hint, input } = task({ input: {}, hint: { ranked } });
  const rerouted: string[] = [];
  const agents = await openSubgraph(definition, undefined, {
    reroute: async (binding) => {
      rerouted.push(binding.field);
      const fresh = { ...hint, routeId: 'route-2', expiresAt: Date.parse('2027-01-01') };
      return signRouteHint(fresh, { ...binding }, new Uint8Array(32).fill(7), Date.parse('2026-03-01T12:00:00Z'));
    },
  });
  opened.push(agents);
  await agents.database.query(
    `insert into agents.agent (id, tenant, name, role, tier, status, transport, skills, decision_kinds, regions, model_ids, version, created_at)
     values ('a1', 'demo', 'A', 'WORKER', 'EXPERT', 'ACTIVE', 'HTTP', '[]', '{}', '{}', '{}', 1, now())`,
  );
  const usages = await agents.eventLog.read('mesh.usage', 'head');
  await runners[0]!.enqueue({ principal: ADMIN, tenant: 'demo', input, hint });
  await second;
  await runners[0]!.stop();
  const recorded = async () => {
    const { rows } = await agents.database.query<{ outcome: string; cost_usd: string | null }>(
      `select outcome, cost_usd from agents.attempt order by ordinal`,
    );
    return rows.map(({ outcome, cost_usd }) => [outcome, cost_usd === null ? null : Number(cost_usd)]);
  };
  expect(await recorded()).toEqual([
    ['REFUSED', 0.00002],
    ['FAILED', null],
  ]);
  expect((await usages.next()).value!.event).toMatchObject({ type: 'usage.recorded', data: { modelId: 'm1', outputTokens: 5 } });

  const runner = createRunner(given[0]!, new Map([['HTTP', next]]));
  await runner.settled();
  await runner.stop();
  // What was spent would not fit into the reservation a second time: the gateway decides again.
  expect(rerouted).toEqual(['Mutation.taskRun']);
  expect((await recorded()).map(([outcome]) => outcome)).toEqual(['REFUSED', 'FAILED', 'SUCCEEDED']);
  const { rows } = await agents.database.query<{ status: string }>(`select status from agents.task`);
  expect(rows).toEqual([{ status: 'SUCCEEDED' }]);
  await usages.stop();
}, 60_000);

/** A runner of tasks for HTTP agents on a database of its own, whose transactions may be made to fail. */
async function openRunner(call: AgentTransport['call']) {
  const faults: Error[] = [];
  const lost: Error[] = [];
  let runner: Runner | undefined;
  const definition: SubgraphDefinition = {
    ...agentsSubgraph,
    start: async (resources) => {
      const database = {
        ...resources.database,
        transaction: async <T>(work: (tx: Queryable) => Promise<T>): Promise<T> => {
          let hasAttempts = false;
          const result = await resources.database.transaction(async (tx) => {
            const done = await work(tx);
            const { rows } = await tx.query(`select 1 from agents.attempt limit 1`);
            hasAttempts = rows.length > 0;
            const fault = hasAttempts ? faults.shift() : undefined;
            if (fault) throw fault;
            return done;
          });
          const unheard = hasAttempts ? lost.shift() : undefined;
          if (unheard) throw unheard;
          return result;
        },
      };
      runner = createRunner({ ...resources, database }, new Map([['HTTP', { call, close: async () => undefined }]]), 0);
      return [runner];
    },
  };
  const agents = await openSubgraph(definition);
  opened.push(agents);
  await agents.database.query(
    `insert into agents.agent (id, tenant, name, role, tier, status, transport, skills, decision_kinds, regions, model_ids, version, created_at)
     values ('a1', 'demo', 'A', 'WORKER', 'EXPERT', 'ACTIVE', 'HTTP', '[]', '{}', '{}', '{}', 1, now())`,
  );
  const { hint, input } = task({ input: {}, hint: { ranked: [rankedCandidate({ modelId: 'm1' })] } });
  const stored = async () =>
    (
      await agents.database.query<{ status: string; outcome: string; message: string | null }>(
        `select status, outcome, message from agents.task join agents.attempt on task_id = task.id order by ordinal`,
      )
    ).rows;
  return {
    agents,
    faults,
    lost,
    stored,
    enqueue: () => runner!.enqueue({ principal: ADMIN, tenant: 'demo', input, hint }),
    settled: () => runner!.settled(),
  };
}

const USAGE = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 };

it('keeps an answer that was paid for until the database takes it, and asks for it once', async () => {
  let calls = 0;
  const { faults, stored, enqueue, settled } = await openRunner(async () => {
    calls++;
    return { kind: 'answered', answer: { text: '4', output: {} }, usage: USAGE };
  });
  const gone = (): Error => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  faults.push(gone(), gone(), gone());
  await enqueue();
  await settled();
  expect(calls).toBe(1);
  expect(await stored()).toEqual([{ status: 'SUCCEEDED', outcome: 'SUCCEEDED', message: null }]);
}, 60_000);

it('does not keep twice what was committed although nobody heard of it', async () => {
  const { agents, lost, stored, enqueue, settled } = await openRunner(async () => ({
    kind: 'answered',
    answer: { text: '4', output: {} },
    usage: USAGE,
  }));
  const usages = await agents.eventLog.read('mesh.usage', 'head');
  lost.push(Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' }));
  await enqueue();
  await settled();
  await agents.subgraph.settled();
  expect(await stored()).toEqual([{ status: 'SUCCEEDED', outcome: 'SUCCEEDED', message: null }]);
  await agents.eventLog.append('mesh.usage', [
    newEvent('usage.settled', 'end', { tenant: 't', reservationId: 'r', taskId: 'end' }, { subgraph: 'agents', nowMs: 0 }),
  ]);
  const told: string[] = [];
  for await (const { event } of usages) {
    if (event.subject === 'end') break;
    told.push(event.type);
  }
  expect(told.filter((type) => type === 'usage.recorded')).toHaveLength(1);
}, 60_000);

it('ends a task whose answer can never be stored, with the attempt on record', async () => {
  const { faults, stored, enqueue, settled } = await openRunner(async () => ({
    kind: 'answered',
    answer: { text: '4', output: {} },
    usage: USAGE,
  }));
  faults.push(new Error('this row is not to be had'));
  await enqueue();
  await settled();
  expect(await stored()).toEqual([
    { status: 'FAILED', outcome: 'FAILED', message: 'its answer could not be stored; the log has the cause' },
  ]);
}, 60_000);

it('gives up a task that was begun again and again and never ended', async () => {
  const { agents, enqueue, settled } = await openRunner(() => new Promise(() => undefined));
  const { id } = await enqueue();
  await agents.database.query(`update agents.task set runs = 20, lease_id = 'gone', leased_until = '2020-01-01' where id = $1`, [
    id,
  ]);
  await settled();
  const { rows } = await agents.database.query<{ status: string; error_code: string }>(
    `select status, error_code from agents.task`,
  );
  expect(rows).toEqual([{ status: 'FAILED', error_code: 'TASK_FAILED' }]);
}, 60_000);
