import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dataOf, send } from '../support/graphqlClient.js';
import { eventually } from '../support/meshContract.js';
import { openMesh, type MeshGateway } from '../support/meshInProcess.js';

const asked: string[] = [];

/** A judge among the built-in agents; everything around it is the mesh itself. */
vi.mock('../../subgraphs/agents/builtin/callBuiltin.js', async (original) => {
  const real = await original<typeof import('../../subgraphs/agents/builtin/callBuiltin.js')>();
  const judge = (prompt: string) => {
    asked.push(prompt);
    return { text: 'It is to the point.\nSCORE: 0.9', output: {} };
  };
  return {
    ...real,
    findBuiltin: (endpoint: string | null, modelId: string) =>
      endpoint === 'builtin:judge' ? judge : real.findBuiltin(endpoint, modelId),
  };
});

const FLEET = `mesh: v1
models:
  - { id: local/arithmetic-small, provider: local, name: Small, pricing: { inputPerMTokUsd: '0.01', outputPerMTokUsd: '0.01' }, approval: APPROVED }
  - { id: local/judge, provider: local, name: Judge, pricing: { inputPerMTokUsd: '2', outputPerMTokUsd: '4' }, approval: APPROVED }
agents:
  - id: abacus
    name: Abacus
    transport: BUILTIN
    endpoint: builtin:arithmetic
    skills: [{ id: sums, name: Sums, taskClasses: [math.arithmetic] }]
    models: [local/arithmetic-small]
  - id: magistrate
    name: Magistrate
    role: EVALUATOR
    transport: BUILTIN
    endpoint: builtin:judge
    skills: [{ id: judging, name: Judging, taskClasses: [evaluation.judge] }]
    models: [local/judge]
evaluators:
  - { id: elegance, taskClass: math.arithmetic, kind: JUDGE, rubric: Brevity counts. }
  - { id: shape, taskClass: evaluation.judge, kind: REGEX, pattern: 'SCORE' }
`;

describe('a judge', () => {
  let mesh: Awaited<ReturnType<typeof openMesh>>;
  let gateway: MeshGateway;
  beforeAll(async () => {
    mesh = await openMesh();
    gateway = await mesh.openGateway(null);
    await mesh.apply(gateway.url, FLEET);
  });
  afterAll(async () => {
    await gateway?.close();
    await mesh?.close();
  });

  const ask = async (prompt: string): Promise<string> => {
    const query = `query ($prompt: String) { ask(input: { taskClass: "math.arithmetic", prompt: $prompt }) { task { id } } }`;
    const answer = await eventually(
      () => send<{ ask: { task: { id: string } } | null }>(gateway.url, query, { prompt }),
      ({ data }) => data?.ask,
    );
    return answer.data!.ask!.task.id;
  };
  type Found = { metric: string; score: number; evaluator: string; explanation: string };
  const judged = async (id: string): Promise<Found[]> =>
    (
      await eventually(
        () =>
          dataOf<{ task: { evaluations: Found[] } }>(
            gateway.url,
            `query ($id: ID!) { task(id: $id) { evaluations { metric score evaluator explanation } } }`,
            { id },
          ),
        ({ task }) => task.evaluations.length >= 2,
      )
    ).task.evaluations;
  const judgements = async (): Promise<{ id: string; cost: { usd: string } | null }[]> =>
    (
      await dataOf<{ tasks: { nodes: { id: string; cost: { usd: string } | null }[] } }>(
        gateway.url,
        `{ tasks(filter: { taskClass: "evaluation.judge" }, first: 100) { nodes { id cost { usd } } } }`,
      )
    ).tasks.nodes;

  it('judges by a task of its own, which is routed, paid for and on the ledger as anybody’s', async () => {
    const id = await ask('2 + 2');
    expect(await judged(id)).toContainEqual({
      metric: 'judge',
      score: 0.9,
      evaluator: 'elegance',
      explanation: 'It is to the point.',
    });
    expect(asked[0]).toContain('2 + 2');
    expect(asked[0]).toContain('Brevity counts.');
    const [judgement] = await eventually(judgements, (all) => all[0]?.cost);
    expect(Number(judgement!.cost!.usd)).toBeGreaterThan(0);
    const { ledger } = await dataOf<{
      ledger: { nodes: { taskClass: string; principal: string; usd: string; task: { id: string } }[] };
    }>(gateway.url, `{ ledger { nodes { taskClass principal usd task { id } } } }`);
    expect(ledger.nodes.find(({ taskClass }) => taskClass === 'evaluation.judge')).toEqual({
      taskClass: 'evaluation.judge',
      principal: 'Service::"mesh-evaluations"',
      usd: judgement!.cost!.usd,
      task: { id: judgement!.id },
    });
  });

  it('is asked once when the answer is told of again, and its own answers are judged by no judge', async () => {
    const before = await judgements();
    await mesh.database.query(`delete from events.consumed where consumer_group = 'evaluations'`);
    const id = await ask('3 + 3');
    await judged(id);
    const after = await judgements();
    expect(after).toHaveLength(before.length + 1);
    expect(asked).toHaveLength(after.length);
    for (const { id: judgementId } of after) {
      const found = await judged(judgementId);
      expect(found.map(({ metric }) => metric).toSorted()).toEqual(['completion', 'regex']);
    }
  });

  it('does not judge where a policy forbids it, and that is on record', async () => {
    const cedar = 'forbid (principal is Service, action == Action::"task.run", resource);';
    const { policyPut } = await dataOf<{ policyPut: { userErrors: object[] } }>(
      gateway.url,
      `mutation ($cedar: String!) { policyPut(input: { id: "no-services", cedar: $cedar }) { userErrors { message } } }`,
      { cedar },
    );
    expect(policyPut.userErrors).toEqual([]);
    const denied = async () =>
      (
        await dataOf<{ governanceDecisions: { nodes: { principal: string; action: string }[] } }>(
          gateway.url,
          `{ governanceDecisions(filter: { outcome: DENY }) { nodes { principal action } } }`,
        )
      ).governanceDecisions.nodes;
    // The gateway hears of the policy by event: an answer before that is still judged.
    await eventually(
      async () => {
        await ask('4 + 4');
        return denied();
      },
      (decisions) => decisions.length > 0,
    );
    expect(await denied()).toContainEqual({ principal: 'Service::"mesh-evaluations"', action: 'task.run' });
    const { rows } = await mesh.database.query<{ left: number }>(
      `select count(*)::int as left from evaluations.pending_evaluation where evaluator_id = 'elegance' and judged = 0`,
    );
    expect(rows[0]!.left).toBeGreaterThan(0);
  });
});
