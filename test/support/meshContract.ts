import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantile, sketchOf } from '../../subgraphs/shared/durationSketch.js';
import { formatUsd, parseUsd } from '../../subgraphs/shared/money.js';
import { costOf } from '../../subgraphs/shared/pricing.js';
import { dataOf, send, socketClient, watch } from './graphqlClient.js';
import { qualityContract } from './qualityContract.js';

/** What any running mesh with the demo fleet must do, in one process or in six. `open` is called once. */
export function meshContract(open: () => Promise<{ url: string; close(): Promise<unknown> }>): void {
  describe('a mesh with the demo fleet', () => {
    let url: string;
    let opening: ReturnType<typeof open>;
    beforeAll(async () => {
      opening = open();
      ({ url } = await opening);
    });
    // Also when it was not there in time.
    afterAll(async () => (await opening).close());

    it('answers one operation from all five subgraphs', async () => {
      await dataOf(url, `{ ask(input: { taskClass: "math.arithmetic", prompt: "1 + 1" }) { text } }`);
      type Fleet = { agents: { nodes: Record<string, unknown>[]; totalCount: number }; models: { nodes: { pricing: object }[] } };
      const fleet = await eventually(
        () =>
          dataOf<Fleet>(
            url,
            `{ agents(first: 10) { totalCount nodes { id name tier skills { name taskClasses }
               models { id name pricing { inputPerMTokUsd version } quality { samples } }
               quality { samples successRate lowerBound upperBound } spend { usd requests }
               decisions(first: 2) { nodes { action outcome principal } } } }
             models { nodes { id pricing { outputPerMTokUsd } approval { status } } }
             budgets { nodes { id limitUsd spentUsd remainingUsd } } policies { nodes { id version } } }`,
          ),
        ({ agents }) =>
          agents.nodes.some((agent) => agent['quality'] && (agent['spend'] as { requests: number } | null)?.requests),
      );
      expect(fleet.agents.totalCount).toBe(8);
      const worked = fleet.agents.nodes.find((agent) => agent['quality'])!;
      expect(worked).toMatchObject({
        quality: { samples: expect.any(Number) },
        spend: { usd: expect.stringMatching(/^0\.\d+$/) },
      });
      const decided = await eventually(
        () =>
          dataOf<{ agents: { nodes: { id: string; decisions: { nodes: { action: string; outcome: string }[] } }[] } }>(
            url,
            `{ agents { nodes { id decisions(first: 20) { nodes { action outcome } } } } }`,
          ),
        ({ agents }) => agents.nodes.some(({ decisions }) => decisions.nodes.length > 0),
      );
      const decisions = decided.agents.nodes.flatMap((agent) => agent.decisions.nodes);
      expect(decisions).toContainEqual({ action: 'task.run', outcome: 'ALLOW' });
    });

    it.each([
      ['12 * (7 + 3)', '120'],
      ['What is twelve times seven plus three?', '87'],
      ['15 percent of 240', '36'],
    ])('works out %s', async (prompt, result) => {
      const { ask } = await dataOf<{ ask: { text: string; costUsd: string; agent: { id: string }; model: { id: string } } }>(
        url,
        `query ($prompt: String) { ask(input: { taskClass: "math.arithmetic", prompt: $prompt }) { text costUsd agent { id } model { id } } }`,
        { prompt },
      );
      expect(ask.text).toContain(result);
      expect(Number(ask.costUsd)).toBeGreaterThan(0);
    });

    it.each([
      ['What does the error NO_ROUTE mean?', /no agent may compute/i],
      ['What does the directive @governed do?', /cedar/i],
      ['On which port does the gateway listen?', /4000/],
      ['In which folder is data kept?', /\.mesh/],
    ])('answers from its documentation: %s', async (prompt, expected) => {
      const { ask } = await dataOf<{ ask: { text: string } }>(
        url,
        `query ($prompt: String) { ask(input: { taskClass: "docs.question", prompt: $prompt }) { text } }`,
        { prompt },
      );
      expect(ask.text).toMatch(expected);
    });

    it('charges exactly tokens times price, the same sum in the answer, on the task and in the ledger', async () => {
      type Asked = { ask: { costUsd: string; task: { id: string }; model: { pricing: Parameters<typeof costOf>[1] } } };
      const { ask } = await dataOf<Asked>(
        url,
        `{ ask(input: { taskClass: "math.arithmetic", prompt: "half of ninety", modelId: "local/arithmetic-large", agentId: "mathematician",
             customerId: "c-exact" }) { costUsd task { id }
           model { pricing { inputPerMTokUsd outputPerMTokUsd cachedInputPerMTokUsd perRequestUsd version } } } }`,
      );
      type Cost = { usd: string; inputTokens: number; cachedInputTokens: number; outputTokens: number; priceVersion: number };
      const { task } = await eventually(
        () =>
          dataOf<{ task: { cost: Cost | null; attempts: { costUsd: string }[] } }>(
            url,
            `query ($id: ID!) { task(id: $id) { cost { usd inputTokens cachedInputTokens outputTokens priceVersion } attempts { costUsd } } }`,
            { id: ask.task.id },
          ),
        (data) => data.task.cost !== null,
      );
      expect(task.attempts).toHaveLength(1);
      expect(task.cost!.usd).toBe(formatUsd(costOf(task.cost!, ask.model.pricing)));
      expect(ask.costUsd).toBe(task.cost!.usd);
      expect(task.cost!.priceVersion).toBe(ask.model.pricing.version);
    });

    it('previews the same choice that ask then makes, and stores nothing for it', async () => {
      const input = { taskClass: 'docs.question', prompt: 'What is a cursor?' };
      const before = await dataOf<{ tasks: { totalCount: number } }>(url, `{ tasks { totalCount } }`);
      const { routePreview } = await dataOf<{
        routePreview: { agent: { id: string }; model: { id: string }; reasons: string[] };
      }>(
        url,
        `query ($input: TaskInput!) { routePreview(input: $input) { agent { id } model { id } reasons rejected { code reason } } }`,
        { input },
      );
      const between = await dataOf<{ tasks: { totalCount: number } }>(url, `{ tasks { totalCount } }`);
      expect(between.tasks.totalCount).toBe(before.tasks.totalCount);
      const { ask } = await dataOf<{
        ask: { task: { route: { agent: { id: string }; model: { id: string }; reasons: string[] } } };
      }>(url, `query ($input: TaskInput!) { ask(input: $input) { task { route { agent { id } model { id } reasons } } } }`, {
        input,
      });
      // What was found about earlier work may arrive in between and change the figures.
      const withoutFigures = (reasons: string[]) =>
        reasons.map((reason) => reason.replace(/quality [\d.]+ \(\d+ results\)/g, 'quality'));
      expect({ ...ask.task.route, reasons: withoutFigures(ask.task.route.reasons) }).toEqual({
        agent: routePreview.agent,
        model: routePreview.model,
        reasons: withoutFigures(routePreview.reasons),
      });
      expect(ask.task.route.reasons.length).toBeGreaterThan(0);
    });

    it('changes its choice when a dearer model becomes the cheaper one, and says why', async () => {
      const preview = () =>
        dataOf<{ routePreview: { model: { id: string }; reasons: string[] } }>(
          url,
          `{ routePreview(input: { taskClass: "docs.question", prompt: "What is a tenant?" }) { model { id } reasons } }`,
        );
      const register = (input: string, output: string) =>
        dataOf(url, `mutation ($input: ModelRegisterInput!) { modelRegister(input: $input) { userErrors { code message } } }`, {
          input: {
            id: 'local/lexical-large',
            provider: 'local',
            name: 'Lexical search with sentence ranking, large',
            taskClasses: ['docs.question'],
            pricing: { inputPerMTokUsd: input, outputPerMTokUsd: output },
          },
        });
      expect((await preview()).routePreview.model.id).toBe('local/lexical-small');
      await register('0.001', '0.001');
      const changed = await eventually(preview, ({ routePreview }) => routePreview.model.id === 'local/lexical-large');
      expect(changed.routePreview.reasons.join(' ')).toMatch(/cheapest/i);
      await register('0.4', '1.2');
      await eventually(preview, ({ routePreview }) => routePreview.model.id === 'local/lexical-small');
    });

    it('shows a task being queued, running and succeeding, and gives a reconnecting client exactly what it missed', async () => {
      type Seen = { taskEvents: { kind: string; cursor: string; task: { id: string } } };
      const query = `subscription ($after: String) { taskEvents(taskClass: "math.arithmetic", after: $after) {
        kind status cursor agent { name } task { id taskClass status cost { usd } } } }`;
      const first = socketClient(url);
      const watching = watch<Seen>(first, query);
      await opened(url);
      const id = await runTask(url, '6 * 7');
      const seen = await watching.until(({ taskEvents }) => taskEvents.kind === 'SUCCEEDED' && taskEvents.task.id === id);
      const mine = seen.filter(({ taskEvents }) => taskEvents.task.id === id).map(({ taskEvents }) => taskEvents.kind);
      expect(mine).toEqual(['QUEUED', 'RUNNING', 'ATTEMPT', 'SUCCEEDED']);
      const { cursor } = seen.at(-1)!.taskEvents;
      await first.dispose();

      const missed = await runTask(url, '6 * 8');
      await eventually(
        () => dataOf<{ task: { status: string } }>(url, `query ($id: ID!) { task(id: $id) { status } }`, { id: missed }),
        ({ task }) => task.status === 'SUCCEEDED',
      );
      const second = socketClient(url);
      const resumed = watch<Seen>(second, query, { after: cursor });
      const replay = await resumed.until(({ taskEvents }) => taskEvents.kind === 'SUCCEEDED');
      expect(replay.map(({ taskEvents }) => [taskEvents.kind, taskEvents.task.id])).toEqual(
        ['QUEUED', 'RUNNING', 'ATTEMPT', 'SUCCEEDED'].map((kind) => [kind, missed]),
      );
      await second.dispose();
    });

    it('returns the same task for the same idempotency key and input, and refuses the key for another input', async () => {
      const run = (prompt: string) =>
        dataOf<{ taskRun: { task: { id: string } | null; userErrors: { code: string }[] } }>(
          url,
          `mutation ($input: TaskInput!) { taskRun(input: $input) { task { id } userErrors { code } } }`,
          { input: { taskClass: 'math.arithmetic', prompt, idempotencyKey: 'once' } },
        );
      const [one, two] = await Promise.all([run('1 + 2'), run('1 + 2')]);
      expect(one!.taskRun.task).toEqual(two!.taskRun.task);
      expect((await run('1 + 3')).taskRun).toEqual({ task: null, userErrors: [{ code: 'IDEMPOTENCY_CONFLICT' }] });
    });

    it('holds no money for a task that is refused for its input, and loses nothing else of the operation', async () => {
      const held = async (): Promise<string[]> => {
        const { budgets } = await dataOf<{ budgets: { nodes: { reservedUsd: string }[] } }>(
          url,
          `{ budgets { nodes { reservedUsd } } }`,
        );
        return budgets.nodes.map(({ reservedUsd }) => reservedUsd);
      };
      await eventually(held, (sums) => sums.every((sum) => sum === '0'));
      const bad = [{ idempotencyKey: '' }, { customerId: 'c'.repeat(201) }];
      for (const more of bad) {
        const input = { taskClass: 'math.arithmetic', prompt: '1 + 1', ...more };
        const asked = await send(url, `query ($input: TaskInput!) { agents { totalCount } ask(input: $input) { text } }`, {
          input,
        });
        expect(asked).toMatchObject({
          data: { agents: {}, ask: null },
          errors: [{ path: ['ask'], extensions: { code: 'BAD_USER_INPUT' } }],
        });
        const { taskRun } = await dataOf<{ taskRun: object }>(
          url,
          `mutation ($input: TaskInput!) { taskRun(input: $input) { task { id } userErrors { code } } }`,
          { input },
        );
        expect(taskRun).toEqual({ task: null, userErrors: [{ code: 'BAD_USER_INPUT' }] });
      }
      // What no subgraph could read is an error at the field, in a mutation too.
      for (const more of [{ prompt: 'a\0b' }, { maxCostUsd: 'abc' }]) {
        const input = { taskClass: 'math.arithmetic', prompt: '1 + 1', ...more };
        for (const query of [
          `query ($input: TaskInput!) { ask(input: $input) { text } }`,
          `mutation ($input: TaskInput!) { taskRun(input: $input) { task { id } } }`,
        ])
          expect(await send(url, query, { input })).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
      }
      expect(new Set(await held())).toEqual(new Set(['0']));
    });

    it('waits for an event that its caller has seen', async () => {
      const client = socketClient(url);
      const events = watch<{ taskEvents: { cursor: string; kind: string } }>(
        client,
        `subscription { taskEvents { cursor kind } }`,
      );
      await dataOf(url, `{ ask(input: { taskClass: "math.arithmetic", prompt: "1 + 1" }) { text } }`);
      const [last] = (await events.until(({ taskEvents }) => taskEvents.kind === 'SUCCEEDED')).slice(-1);
      await client.dispose();
      const known = await send(url, `{ agents { totalCount } }`, {}, 'dev-admin', { 'x-mesh-after': last!.taskEvents.cursor });
      expect(known.errors).toBeUndefined();
      const rubbish = await send(url, `{ agents { totalCount } }`, {}, 'dev-admin', { 'x-mesh-after': 'rubbish' });
      expect(rubbish).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_CURSOR' } }] });
    });

    it('says who may do what', async () => {
      const anonymous = await send(url, `{ me { id kind } agents { totalCount } }`, {}, null);
      expect(anonymous.data).toEqual({ me: { id: 'anonymous', kind: 'ANONYMOUS' }, agents: null });
      expect(anonymous.errors).toMatchObject([{ path: ['agents'], extensions: { code: 'UNAUTHENTICATED' } }]);
      const viewer = await send(url, `{ agents { totalCount } budgets { totalCount } }`, {}, 'dev-viewer');
      expect(viewer.data).toEqual({ agents: { totalCount: 8 }, budgets: null });
      expect(viewer.errors).toMatchObject([{ path: ['budgets'], extensions: { code: 'FORBIDDEN' } }]);
      const refused = await send(url, `{ ask(input: { taskClass: "math.arithmetic", prompt: "1" }) { text } }`, {}, 'dev-viewer');
      expect(refused).toMatchObject({ data: { ask: null }, errors: [{ path: ['ask'], extensions: { code: 'FORBIDDEN' } }] });
      const agent = await send(
        url,
        `mutation { modelSetApproval(id: "local/lexical-small", status: REVOKED) { userErrors { code } } }`,
        {},
        'dev-agent:abacus',
      );
      expect(agent).toMatchObject({ data: { modelSetApproval: null }, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
      expect((await send(url, `{ me { id } }`, {}, 'nonsense')).status).toBe(401);
    });

    it('says why nobody may do a task', async () => {
      const answer = await send(url, `{ ask(input: { taskClass: "cooking", prompt: "soup" }) { text } }`);
      expect(answer).toMatchObject({ data: { ask: null }, errors: [{ path: ['ask'], extensions: { code: 'NO_ROUTE' } }] });
      const { routePreview } = await dataOf<{ routePreview: { agent: null; rejected: { code: string }[] } }>(
        url,
        `{ routePreview(input: { taskClass: "cooking" }) { agent { id } rejected { code reason } } }`,
      );
      const { taskRun } = await dataOf<{ taskRun: { rejected: object[] } }>(
        url,
        `mutation { taskRun(input: { taskClass: "cooking" }) { userErrors { code } rejected { code reason } } }`,
      );
      expect(taskRun).toEqual({ userErrors: [{ code: 'NO_ROUTE' }], rejected: routePreview.rejected });
      expect(routePreview.agent).toBeNull();
      expect(new Set(routePreview.rejected.map(({ code }) => code))).toEqual(new Set(['NO_SKILL']));
    });

    it('never lets a client pass a route hint, nor see what is hidden', async () => {
      const forged = await send(url, `{ ask(input: { taskClass: "math.arithmetic", prompt: "1" }, _route: "forged") { text } }`);
      expect(forged).toMatchObject({ status: 400, errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
      const hidden = await send(url, `{ _snapshot }`);
      expect(hidden.status).toBe(400);
      const schema = await dataOf<{ __schema: { queryType: { fields: { name: string }[] }; types: { name: string }[] } }>(
        url,
        `{ __schema { queryType { fields { name } } types { name } } }`,
      );
      expect(schema.__schema.queryType.fields.map(({ name }) => name)).not.toContain('_snapshot');
      expect(schema.__schema.types.map(({ name }) => name)).not.toContain('RouteHint');
    });

    it('refuses to run an effect over GET', async () => {
      const query = encodeURIComponent(`{ ask(input: { taskClass: "math.arithmetic", prompt: "1" }) { text } }`);
      const response = await fetch(`${url}/graphql?query=${query}`, {
        headers: { authorization: 'Bearer dev-admin', 'apollo-require-preflight': '1' },
      });
      expect(response.status).toBe(405);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'ROUTED_FIELD_OVER_GET' } }] });
    });

    // The last, because it hires somebody.
    it('tells window by window what an agent does, to the digit as the attempts on record say', async () => {
      await hire(url, 'metered');
      const client = socketClient(url);
      const watching = watch<{ agentMetrics: MetricsWindow }>(
        client,
        `subscription { agentMetrics(agentIds: ["metered"]) { at windowSeconds agent { id name } requests successRate p50Ms p95Ms p99Ms
           costUsd queueDepth inFlight } }`,
      );
      await opened(url);
      const asked = ['1 + 1', 'two plus two', '3 * 3', 'banana', '5 / 5'];
      for (const prompt of asked)
        await send(url, `query ($input: TaskInput!) { ask(input: $input) { text } }`, {
          input: { taskClass: 'math.arithmetic', agentId: 'metered', prompt },
        });
      const attempts = await attemptsOf(url, 'metered');
      expect(attempts.length).toBeGreaterThan(asked.length);

      let told = 0;
      const seen = await watching.until(({ agentMetrics }) => (told += agentMetrics.requests) >= attempts.length);
      expect(told).toBe(attempts.length);
      // One after the other was asked, so each window holds the next ones in order.
      let from = 0;
      for (const { agentMetrics: window } of seen) {
        const inWindow = attempts.slice(from, (from += window.requests));
        const durations = inWindow.map(({ latencyMs }) => latencyMs);
        expect(window).toMatchObject({
          agent: { id: 'metered', name: 'metered' },
          costUsd: formatUsd(inWindow.reduce((sum, { costUsd }) => sum + parseUsd(costUsd ?? '0'), 0n)),
          queueDepth: 0,
        });
        const succeeded = inWindow.filter(({ outcome }) => outcome === 'SUCCEEDED').length;
        expect(window.successRate).toBe(inWindow.length === 0 ? null : succeeded / inWindow.length);
        expect([window.p50Ms, window.p95Ms, window.p99Ms]).toEqual(
          [0.5, 0.95, 0.99].map((q) => quantile(sketchOf(durations), q)),
        );
      }
      // Then silence is told once.
      await watching.until(({ agentMetrics }) => agentMetrics.requests === 0 && agentMetrics.inFlight === 0);
      await client.dispose();

      const cost = Number(formatUsd(attempts.reduce((sum, { costUsd }) => sum + parseUsd(costUsd ?? '0'), 0n)));
      await eventually(
        async () => (await fetch(`${url}/metrics`)).text(),
        (text) => {
          const lines = text.split('\n').filter((line) => line.startsWith('mesh_cost_usd_total{agent="metered"'));
          const counted = lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
          return Math.abs(counted - cost) < 1e-12;
        },
      );
      // Whom routing chooses is the next tests' matter.
      await dataOf(url, `mutation { agentSetStatus(id: "metered", status: RETIRED) { userErrors { code } } }`);
    });

    qualityContract(() => url);
  });
}

export async function runTask(url: string, prompt: string): Promise<string> {
  const { taskRun } = await dataOf<{ taskRun: { task: { id: string } | null; userErrors: { code: string }[] } }>(
    url,
    `mutation ($prompt: String) { taskRun(input: { taskClass: "math.arithmetic", prompt: $prompt }) { task { id } userErrors { code message } } }`,
    { prompt },
  );
  if (!taskRun.task) throw new Error(JSON.stringify(taskRun.userErrors));
  return taskRun.task.id;
}

interface MetricsWindow {
  readonly requests: number;
  readonly successRate: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly costUsd: string;
  readonly queueDepth: number;
  readonly inFlight: number;
}

/** An agent of its own for arithmetic, as soon as the gateway routes to it. */
async function hire(url: string, id: string): Promise<void> {
  const skills = [{ id: 'sums', name: 'Sums', taskClasses: ['math.arithmetic'] }];
  const input = { id, name: id, tier: 'EXPERT', transport: 'BUILTIN', endpoint: 'builtin:arithmetic', skills };
  const modelIds = ['local/arithmetic-small', 'local/arithmetic-large'];
  await dataOf(url, `mutation ($input: AgentRegisterInput!) { agentRegister(input: $input) { userErrors { code } } }`, {
    input: { ...input, modelIds },
  });
  await eventually(
    () =>
      dataOf<{ routePreview: { agent: object | null } }>(
        url,
        `query ($id: ID) { routePreview(input: { taskClass: "math.arithmetic", prompt: "1", agentId: $id }) { agent { id } } }`,
        { id },
      ),
    ({ routePreview }) => routePreview.agent,
  );
}

/** Those that were made, oldest first. */
async function attemptsOf(url: string, agentId: string) {
  type Attempt = { startedAt: string; latencyMs: number; outcome: string; costUsd: string | null };
  const { tasks } = await dataOf<{ tasks: { nodes: { createdAt: string; attempts: Attempt[] }[] } }>(
    url,
    `query ($id: ID) { tasks(filter: { agentId: $id }, first: 100) { nodes { createdAt attempts { startedAt latencyMs outcome costUsd } } } }`,
    { id: agentId },
  );
  return tasks.nodes.toReversed().flatMap(({ attempts }) => attempts.filter(({ outcome }) => outcome !== 'SKIPPED'));
}

/** Asks again until `enough` holds: some facts follow by event. Bounded by the test's own time. */
export async function eventually<T>(read: () => Promise<T>, enough: (value: T) => unknown): Promise<T> {
  for (;;) {
    const value = await read();
    if (enough(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A subscription is open once the gateway counts it; the client library does not say. */
async function opened(url: string): Promise<void> {
  await eventually(
    async () => (await fetch(`${url}/metrics`)).text(),
    (metrics) => /^mesh_active_subscriptions(\{[^}]*\})? [1-9]/m.test(metrics),
  );
}
