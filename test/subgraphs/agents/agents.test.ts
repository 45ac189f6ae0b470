import { afterEach, describe, expect, it } from 'vitest';
import { agentsSubgraph } from '../../../subgraphs/agents/server.js';
import type { MeshEvent } from '../../../subgraphs/shared/events.js';
import { parseEgressRules } from '../../../subgraphs/shared/egressRules.js';
import { newEvent } from '../../../subgraphs/shared/newEvent.js';
import type { Principal } from '../../../subgraphs/shared/principal.js';
import { signRouteHint, type RankedCandidate, type RouteHint } from '../../../subgraphs/shared/routeHint.js';
import { ADMIN, openSubgraph } from '../../support/openSubgraph.js';
import { hang, json, serveEndpoint } from '../../support/serveEndpoint.js';

const KEY = new Uint8Array(32).fill(7);
const PRICING = {
  inputPerMTokUsd: '1',
  outputPerMTokUsd: '2',
  cachedInputPerMTokUsd: null,
  perRequestUsd: null,
  version: 1,
};

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function open() {
  const agents = await openSubgraph(agentsSubgraph);
  opened.push(agents);
  const register = (input: object, principal: Principal = ADMIN) =>
    agents.ask<{ agentRegister: { agent: { id: string } | null; userErrors: { code: string; path: string[] }[] } }>(
      `mutation ($input: AgentRegisterInput!) { agentRegister(input: $input) { agent { id } userErrors { code path } } }`,
      { input },
      principal,
    );
  await register(agentInput('abacus'));
  return { ...agents, register };
}

function agentInput(id: string, more: object = {}) {
  return {
    id,
    name: id,
    transport: 'BUILTIN',
    endpoint: 'builtin:arithmetic',
    skills: [{ id: 'sums', name: 'Sums', taskClasses: ['math.arithmetic'] }],
    modelIds: ['local/arithmetic-small', 'local/arithmetic-large'],
    ...more,
  };
}

function candidate(modelId: string, more: Partial<RankedCandidate> = {}): RankedCandidate {
  return {
    agentId: 'abacus',
    modelId,
    connection: { name: modelId, endpoint: null, apiKeyEnv: null },
    pricing: PRICING,
    capUsd: '1',
    estimatedCostUsd: '0.001',
    expectedQuality: 0.9,
    expectedLatencyMs: null,
    ...more,
  };
}

/** What the gateway would send: the input with its defaults, and a hint that is bound to it. */
async function routed(
  field: string,
  given: object,
  ranked: RankedCandidate[],
  { nowMs, principal = ADMIN, ...more }: { nowMs: number; principal?: Principal } & Partial<RouteHint>,
) {
  const input = { taskClass: 'math.arithmetic', customerValue: 'STANDARD', latencyClass: 'INTERACTIVE', ...given };
  const hint: RouteHint = {
    routeId: `route-${Math.random()}`,
    ranked,
    objective: 'CHEAPEST',
    complexity: 'SIMPLE',
    reasons: ['because'],
    rejected: [],
    reservationId: 'reservation-1',
    deadlineAt: null,
    expiresAt: nowMs + 60_000,
    ...more,
  };
  return { input, route: await signRouteHint(hint, { principal, field, input }, KEY, nowMs) };
}

const ASK = `query ($input: TaskInput!, $route: RouteHint) { ask(input: $input, _route: $route) {
  text costUsd agent { id } model { id } task { id status latencyMs attempts { outcome costUsd model { id } } route { reasons } } } }`;
const RUN = `mutation ($input: TaskInput!, $route: RouteHint) { taskRun(input: $input, _route: $route) {
  task { id status } userErrors { code } } }`;

type Asked = {
  ask: {
    text: string;
    costUsd: string;
    model: { id: string };
    task: { id: string; status: string; attempts: { outcome: string; costUsd: string | null }[]; route: { reasons: string[] } };
  };
};

describe('the agents subgraph', () => {
  it('answers, and charges exactly what every attempt on the way used', async () => {
    const { ask, clock } = await open();
    const ranked = [candidate('local/arithmetic-small'), candidate('local/arithmetic-large')];
    const { ask: answer } = await ask<Asked>(
      ASK,
      await routed('Query.ask', { prompt: 'six times seven' }, ranked, { nowMs: clock() }),
    );
    expect(answer).toMatchObject({
      text: '42',
      model: { id: 'local/arithmetic-large' },
      task: { status: 'SUCCEEDED', route: { reasons: ['because'] } },
    });
    // Three words in at 1 USD a million, twice; one token out at 2.
    expect(answer.task.attempts).toMatchObject([
      { outcome: 'REFUSED', costUsd: '0.000003' },
      { outcome: 'SUCCEEDED', costUsd: '0.000005' },
    ]);
    expect(answer.costUsd).toBe('0.000008');
  });

  it('tells of a task in order, of its usage, and frees what was reserved', async () => {
    const { ask, clock, eventLog, subgraph } = await open();
    const [tasks, usage] = [await eventLog.read('mesh.tasks', 'head'), await eventLog.read('mesh.usage', 'head')];
    await ask(
      RUN,
      await routed('Mutation.taskRun', { prompt: '6 * 7', customerId: 'c1' }, [candidate('local/arithmetic-small')], {
        nowMs: clock(),
      }),
    );
    const kinds: string[] = [];
    for await (const { event } of tasks) {
      kinds.push(event.type);
      if (event.type === 'task.succeeded') break;
    }
    expect(kinds).toEqual(['task.queued', 'task.running', 'task.attempt', 'task.succeeded']);
    expect((await usage.next()).value!.event).toMatchObject({ type: 'usage.reserved', data: { reservationId: 'reservation-1' } });
    const used = (await usage.next()).value!.event as MeshEvent<'usage.recorded'>;
    expect(used).toMatchObject({
      type: 'usage.recorded',
      data: { customerId: 'c1', inputTokens: 3, outputTokens: 1, principal: 'User::"admin"' },
    });
    expect((await usage.next()).value!.event).toMatchObject({ type: 'usage.settled', data: { reservationId: 'reservation-1' } });
    await usage.stop();
    await subgraph.close();
  });

  it('walks the route and nothing else: retired agents, dear answers and passed deadlines are left out with a reason', async () => {
    const { ask, clock, register } = await open();
    await register(agentInput('gone'));
    await ask(`mutation { agentSetStatus(id: "gone", status: RETIRED) { userErrors { code } } }`);
    const ranked = [
      candidate('local/arithmetic-small', { agentId: 'nobody' }),
      candidate('local/arithmetic-small', { agentId: 'gone' }),
      candidate('local/arithmetic-small', { capUsd: '0.0000001' }),
      candidate('local/arithmetic-large'),
    ];
    const { ask: answer } = await ask<Asked>(ASK, await routed('Query.ask', { prompt: '1 + 1' }, ranked, { nowMs: clock() }));
    expect(answer.task.attempts.map(({ outcome, costUsd }) => [outcome, costUsd !== null])).toEqual([
      ['SKIPPED', false],
      ['SKIPPED', false],
      ['REFUSED', false],
      ['SUCCEEDED', true],
    ]);
    const late = await routed('Query.ask', { prompt: '1 + 1' }, ranked, { nowMs: clock(), deadlineAt: clock() });
    await expect(ask(ASK, late)).rejects.toThrow(/TASK_FAILED.*deadline/s);
  });

  it('does not call a model that was revoked after the route was made, whatever older news comes later', async () => {
    const { ask, clock, eventLog, subgraph } = await open();
    const tell = async (version: number, approval: string) => {
      const record = { id: 'local/arithmetic-small', tenant: 'demo', approval, version };
      const event = newEvent(
        'model.changed',
        record.id,
        { tenant: 'demo', record: record as never },
        { subgraph: 'models', nowMs: clock() },
      );
      await eventLog.append('mesh.catalog', [event]);
    };
    const call = await routed(
      'Query.ask',
      { prompt: '6 * 7' },
      [candidate('local/arithmetic-small'), candidate('local/arithmetic-large')],
      { nowMs: clock() },
    );
    await tell(2, 'REVOKED');
    await tell(1, 'APPROVED');
    await subgraph.settled();
    const { ask: answer } = await ask<Asked>(ASK, call);
    expect(answer.task.attempts.map(({ outcome }) => outcome)).toEqual(['SKIPPED', 'SUCCEEDED']);
    await tell(3, 'APPROVED');
    await subgraph.settled();
    const again = await routed('Query.ask', { prompt: '6 * 8' }, [candidate('local/arithmetic-small')], { nowMs: clock() });
    expect((await ask<Asked>(ASK, again)).ask.task.attempts).toMatchObject([{ outcome: 'SUCCEEDED' }]);
  });

  it('runs many slow tasks at once, and lets none of them starve the rest', async () => {
    const endpoint = await serveEndpoint(hang);
    opened.push(endpoint);
    const agents = await openSubgraph(agentsSubgraph, undefined, { egressAllow: parseEgressRules(endpoint.host) });
    opened.push(agents);
    await agents.ask(`mutation ($input: AgentRegisterInput!) { agentRegister(input: $input) { userErrors { code } } }`, {
      input: agentInput('slow', { transport: 'HTTP', endpoint: endpoint.url }),
    });
    await agents.ask(`mutation ($input: AgentRegisterInput!) { agentRegister(input: $input) { userErrors { code } } }`, {
      input: agentInput('abacus'),
    });
    const run = async (agentId: string, prompt: string) => {
      const ranked = [candidate('local/arithmetic-small', { agentId })];
      const call = await routed('Mutation.taskRun', { prompt }, ranked, { nowMs: agents.clock() });
      return (await agents.ask<{ taskRun: { task: { id: string } } }>(RUN, call)).taskRun.task.id;
    };
    const slow: string[] = [];
    for (let index = 0; index < 20; index++) slow.push(await run('slow', `${index} + 1`));
    while (endpoint.requests.length < 20) await endpoint.nextRequest();
    const tasks = await agents.eventLog.read('mesh.tasks', 'head');
    const quick = await run('abacus', '1 + 1');
    for await (const { event } of tasks) if (event.type === 'task.succeeded' && event.subject === quick) break;
    // All of them end once they are answered, each exactly once.
    endpoint.behave(json(200, { text: 'done', usage: { inputTokens: 1, outputTokens: 1 } }));
    for (const { response } of endpoint.requests) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"text":"done","usage":{"inputTokens":1,"outputTokens":1}}');
    }
    await agents.subgraph.close();
    const { rows } = await agents.database.query<{ status: string }>(
      `select status from agents.task where id = any($1::text[])`,
      [slow],
    );
    expect(rows.map(({ status }) => status)).toEqual(slow.map(() => 'SUCCEEDED'));
    expect(endpoint.requests).toHaveLength(20);
  });

  it('refuses a hint that is missing, forged, expired, of another caller, field or input', async () => {
    const { ask, clock, advance } = await open();
    const good = await routed('Query.ask', { prompt: '1 + 1' }, [candidate('local/arithmetic-small')], { nowMs: clock() });
    const viewer = { ...ADMIN, id: 'viewer' };
    await expect(ask(ASK, { input: good.input })).rejects.toThrow('INVALID_ROUTE_HINT');
    await expect(ask(ASK, { ...good, route: `${good.route}x` })).rejects.toThrow('INVALID_ROUTE_HINT');
    await expect(ask(ASK, { ...good, input: { ...good.input, prompt: '1 + 2' } })).rejects.toThrow('INVALID_ROUTE_HINT');
    await expect(ask(ASK, good, viewer)).rejects.toThrow('INVALID_ROUTE_HINT');
    await expect(ask(RUN, good)).rejects.toThrow('INVALID_ROUTE_HINT');
    advance(61_000);
    await expect(ask(ASK, good)).rejects.toThrow('INVALID_ROUTE_HINT');
  });

  it('says NO_ROUTE and OVER_BUDGET for an empty route, and stores nothing', async () => {
    const { ask, clock } = await open();
    const empty = (rejected: RouteHint['rejected']) => routed('Query.ask', { prompt: 'x' }, [], { nowMs: clock(), rejected });
    const rejected = { agentId: 'abacus', modelId: null, code: 'NO_SKILL', reason: 'no skill for cooking' };
    await expect(ask(ASK, await empty([rejected]))).rejects.toThrow('NO_ROUTE');
    await expect(ask(ASK, await empty([{ ...rejected, code: 'OVER_BUDGET' }]))).rejects.toThrow('OVER_BUDGET');
    expect(await ask(RUN, await routed('Mutation.taskRun', {}, [], { nowMs: clock(), rejected: [rejected] }))).toEqual({
      taskRun: { task: null, userErrors: [{ code: 'NO_ROUTE' }] },
    });
    expect(await ask(`{ tasks { totalCount } }`)).toEqual({ tasks: { totalCount: 0 } });
  });

  it('runs a task once for each idempotency key', async () => {
    const { ask, clock } = await open();
    const run = async (prompt: string) => {
      const call = await routed('Mutation.taskRun', { prompt, idempotencyKey: 'k' }, [candidate('local/arithmetic-small')], {
        nowMs: clock(),
      });
      return ask<{ taskRun: { task: { id: string } | null; userErrors: { code: string }[] } }>(RUN, call);
    };
    const answers = await Promise.all([run('1 + 1'), run('1 + 1'), run('1 + 1')]);
    expect(new Set(answers.map(({ taskRun }) => taskRun.task?.id)).size).toBe(1);
    expect((await run('1 + 2')).taskRun).toEqual({ task: null, userErrors: [{ code: 'IDEMPOTENCY_CONFLICT' }] });
    expect(await ask(`{ tasks { totalCount } }`)).toEqual({ tasks: { totalCount: 1 } });
  });

  it('lists, filters and pages agents, and reads references in batches', async () => {
    const { ask, register } = await open();
    await register(agentInput('junior', { supervisorId: 'abacus', tier: 'EXPERT' }));
    type Page = { agents: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
    const first = await ask<Page>(`{ agents(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } }`);
    const rest = await ask<Page>(
      `query ($after: String) { agents(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }`,
      {
        after: first.agents.pageInfo.endCursor,
      },
    );
    expect([...first.agents.nodes, ...rest.agents.nodes].map(({ id }) => id).sort()).toEqual(['abacus', 'junior']);
    expect([first, rest].map(({ agents }) => agents.pageInfo.hasNextPage)).toEqual([true, false]);
    expect(
      await ask(`{ agents(filter: { tier: EXPERT }) { nodes { id supervisor { id reports { id } } tasks { totalCount } } } }`),
    ).toEqual({
      agents: { nodes: [{ id: 'junior', supervisor: { id: 'abacus', reports: [{ id: 'junior' }] }, tasks: { totalCount: 0 } }] },
    });
    expect(await ask(`{ agents(filter: { taskClass: "cooking" }) { totalCount } }`)).toEqual({ agents: { totalCount: 0 } });
  });

  it('refuses what cannot be: taken ids, unknown and circular supervisors, empty skills, other tenants', async () => {
    const { ask, register } = await open();
    const codes = async (input: object) => (await register(input)).agentRegister.userErrors.map(({ code }) => code);
    expect(await codes(agentInput('abacus'))).toEqual(['ALREADY_EXISTS']);
    expect(await codes(agentInput('a', { supervisorId: 'nobody' }))).toEqual(['NOT_FOUND']);
    expect(await codes(agentInput('a', { skills: [{ id: 's', name: '', taskClasses: [] }] }))).toEqual(['BAD_USER_INPUT']);
    expect(await codes(agentInput('a', { tenant: 'other' }))).toEqual(['FORBIDDEN']);
    await register(agentInput('junior', { supervisorId: 'abacus' }));
    expect(
      await ask(`mutation { agentUpdate(input: { id: "abacus", supervisorId: "junior" }) { agent { id } userErrors { code } } }`),
    ).toEqual({
      agentUpdate: { agent: null, userErrors: [{ code: 'BAD_USER_INPUT' }] },
    });
  });

  it('shows nobody another tenant’s agents and tasks', async () => {
    const { ask, clock } = await open();
    const { ask: answer } = await ask<Asked>(
      ASK,
      await routed('Query.ask', { prompt: '1' }, [candidate('local/arithmetic-small')], { nowMs: clock() }),
    );
    const other = { ...ADMIN, tenant: 'other' };
    expect(
      await ask(
        `query ($id: ID!) { agent(id: "abacus") { id } agents { totalCount } task(id: $id) { id } tasks { totalCount } }`,
        { id: answer.task.id },
        other,
      ),
    ).toEqual({ agent: null, agents: { totalCount: 0 }, task: null, tasks: { totalCount: 0 } });
  });

  it('gives the gateway its agents and how fast they were', async () => {
    const { ask, askInternally, clock } = await open();
    await ask(ASK, await routed('Query.ask', { prompt: '1' }, [candidate('local/arithmetic-small')], { nowMs: clock() }));
    expect(await askInternally(`{ _snapshot }`)).toMatchObject({
      _snapshot: { agents: [{ id: 'abacus', version: 1 }], latencies: [{ agentId: 'abacus', samples: 1 }], next: null },
    });
    await expect(ask(`{ _snapshot }`)).rejects.toThrow('FORBIDDEN');
  });
});
