import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluationsSubgraph } from '../../../subgraphs/evaluations/server.js';
import { newEvent } from '../../../subgraphs/shared/outbox.js';
import { openSubgraph } from '../../support/openSubgraph.js';

describe('the evaluations subgraph', () => {
  let evaluations: Awaited<ReturnType<typeof openSubgraph>>;
  beforeAll(async () => {
    evaluations = await openSubgraph(evaluationsSubgraph);
  });
  afterAll(() => evaluations.close());

  const attempt = (agentId: string, outcome: string, taskId: string = randomUUID()) =>
    newEvent(
      'task.attempt',
      taskId,
      {
        tenant: 'demo',
        taskId,
        taskClass: 'c',
        kind: 'ATTEMPT',
        status: 'RUNNING',
        agentId,
        modelId: 'm',
        attemptId: randomUUID(),
        outcome,
      },
      { subgraph: 'agents', nowMs: evaluations.clock() },
    );
  type Quality = {
    samples: number;
    successRate: number;
    lowerBound: number;
    upperBound: number;
    goalAchievement: number | null;
    hallucinationRate: number | null;
  };
  const quality = async (id: string, taskClass: string | null = null): Promise<Quality | null> => {
    const { _entities } = await evaluations.ask<{ _entities: { quality: Quality | null }[] }>(
      `query ($r: [_Any!]!, $c: String) { _entities(representations: $r) { ... on Agent { quality(taskClass: $c) {
         samples successRate lowerBound upperBound goalAchievement hallucinationRate } } } }`,
      { r: [{ __typename: 'Agent', id }], c: taskClass },
    );
    return _entities[0]!.quality;
  };
  const record = (input: object) =>
    evaluations.ask<{ evaluationRecord: { evaluation: { id: string } | null; userErrors: { code: string; path: string[] }[] } }>(
      `mutation ($input: EvaluationInput!) { evaluationRecord(input: $input) { evaluation { id } userErrors { code path } } }`,
      { input: { taskClass: 'c', metric: 'correct', score: 1, passed: true, evaluator: 'person', ...input } },
    );

  it('knows nothing of who never worked', async () => {
    expect(await quality('nobody')).toBeNull();
  });

  it('judges each attempt once, and leaves out what did no work', async () => {
    const events = [
      ...Array.from({ length: 8 }, () => attempt('worker', 'SUCCEEDED')),
      attempt('worker', 'FAILED'),
      attempt('worker', 'TIMED_OUT'),
      attempt('worker', 'SKIPPED'),
      attempt('worker', 'REFUSED'),
    ];
    await evaluations.eventLog.append('mesh.tasks', events);
    await evaluations.subgraph.settled();
    await evaluations.database.query(`delete from events.consumed where consumer_group = 'evaluations'`);
    await evaluations.eventLog.append('mesh.tasks', [attempt('other', 'SUCCEEDED')]);
    await evaluations.subgraph.settled();
    const found = await quality('worker');
    expect(found).toMatchObject({ samples: 10, successRate: 9 / 12, goalAchievement: null, hallucinationRate: null });
    expect(found!.lowerBound).toBeLessThan(found!.successRate);
    expect(found!.upperBound).toBeGreaterThan(found!.successRate);
    expect(await quality('worker', 'c')).toEqual(found);
    expect(await quality('worker', 'another class')).toBeNull();
  });

  it('shows the evaluations of a task', async () => {
    const taskId = randomUUID();
    await evaluations.eventLog.append('mesh.tasks', [attempt('shown', 'FAILED', taskId)]);
    await evaluations.subgraph.settled();
    const data = await evaluations.ask(
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Task { evaluations { metric score passed evaluator explanation agent { id } } } } }`,
      { r: [{ __typename: 'Task', id: taskId }] },
    );
    expect(data).toEqual({
      _entities: [
        {
          evaluations: [
            {
              metric: 'completion',
              score: 0,
              passed: false,
              evaluator: 'outcome',
              explanation: 'The attempt failed.',
              agent: { id: 'shown' },
            },
          ],
        },
      ],
    });
  });

  it('counts what is a week old half', async () => {
    for (let n = 0; n < 4; n++) await record({ agentId: 'fading', modelId: 'm' });
    expect((await quality('fading'))!.successRate).toBeCloseTo(5 / 6, 12);
    evaluations.advance(7 * 86_400_000);
    expect((await quality('fading'))!.successRate).toBeCloseTo(3 / 4, 12);
    expect((await quality('fading'))!.samples).toBe(4);
  });

  it('believes the same after concurrent findings as after the same ones in a row', async () => {
    const inputs = Array.from({ length: 20 }, (_, n) => ({ modelId: 'm', passed: n % 3 !== 0, score: n % 3 === 0 ? 0 : 1 }));
    await Promise.all(inputs.map((input) => record({ ...input, agentId: 'concurrent' })));
    for (const input of inputs) await record({ ...input, agentId: 'in-a-row' });
    expect(await quality('concurrent')).toEqual(await quality('in-a-row'));
  });

  it('keeps goals and hallucinations apart from success', async () => {
    await record({ agentId: 'dreamer', modelId: 'm', metric: 'goal', score: 0.5 });
    await record({ agentId: 'dreamer', modelId: 'm', metric: 'hallucination', passed: false, score: 0 });
    await record({ agentId: 'dreamer', modelId: 'm', metric: 'hallucination' });
    expect(await quality('dreamer')).toEqual({
      samples: 0,
      successRate: null,
      lowerBound: null,
      upperBound: null,
      goalAchievement: 0.5,
      hallucinationRate: 0.5,
    });
  });

  it('names the task class when it is missing', async () => {
    for (const taskClass of [null, undefined]) {
      expect((await record({ taskClass })).evaluationRecord).toEqual({
        evaluation: null,
        userErrors: [{ code: 'BAD_USER_INPUT', path: ['input', 'taskClass'] }],
      });
    }
  });

  it('takes the same key and input once, and refuses the key for another input', async () => {
    const input = { agentId: 'keyed', modelId: 'm', idempotencyKey: 'k' };
    const [one, two] = await Promise.all([record(input), record(input)]);
    expect(one!.evaluationRecord.evaluation).toEqual(two!.evaluationRecord.evaluation);
    expect((await quality('keyed'))!.samples).toBe(1);
    expect((await record({ ...input, passed: false })).evaluationRecord).toEqual({
      evaluation: null,
      userErrors: [{ code: 'IDEMPOTENCY_CONFLICT', path: ['input', 'idempotencyKey'] }],
    });
  });

  it('refuses what makes no sense, with every reason', async () => {
    const { evaluationRecord } = await record({ metric: '', score: 1.5, evaluator: ' ' });
    expect(evaluationRecord.userErrors.map(({ path }) => path[1])).toEqual(['metric', 'evaluator', 'score']);
  });

  it('gives the gateway every belief as of its newest event', async () => {
    const { _snapshot } = await evaluations.askInternally<{
      _snapshot: { qualities: { agentId: string; version: number }[]; next: null };
    }>(`{ _snapshot }`);
    const { rows } = await evaluations.database.query<{ quality: { agentId: string; version: number }[] }>(
      `select event->'data'->'quality' as quality from events.log where topic = 'mesh.evaluations' order by position`,
    );
    const newest = new Map(rows.flatMap(({ quality }) => quality.map((record) => [record.agentId, record] as const)));
    expect(_snapshot.qualities).toEqual([...newest.values()].toSorted((a, b) => (a.agentId < b.agentId ? -1 : 1)));
  });
});
