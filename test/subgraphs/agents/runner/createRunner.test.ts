import { afterEach, expect, it } from 'vitest';
import { createRunner, type Runner } from '../../../../subgraphs/agents/runner/createRunner.js';
import { agentsSubgraph } from '../../../../subgraphs/agents/server.js';
import type { AgentResult, AgentTransport } from '../../../../subgraphs/agents/transports/AgentTransport.js';
import { signRouteHint } from '../../../../subgraphs/shared/routeHint.js';
import type { SubgraphDefinition, SubgraphResources } from '../../../../subgraphs/shared/Subgraph.js';
import { rankedCandidate, task } from '../../../support/agentCall.js';
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
