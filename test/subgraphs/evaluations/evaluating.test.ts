import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { evaluationsSubgraph } from '../../../subgraphs/evaluations/server.js';
import { newEvent } from '../../../subgraphs/shared/outbox.js';
import type { Principal } from '../../../subgraphs/shared/principal.js';
import type { AskMesh } from '../../../subgraphs/shared/Subgraph.js';
import { openPglite } from '../../../subgraphs/shared/database/openPglite.js';
import { ADMIN, openSubgraph } from '../../support/openSubgraph.js';

type TaskInput = { prompt: string; reference?: string; taskClass?: string; idempotencyKey?: string };

/** A mesh that shows the tasks it is given, and whose judges say what they are told to. */
function pretendMesh() {
  const tasks = new Map<string, { input: TaskInput; output: object }>();
  const asked: { principal: Principal; input: TaskInput }[] = [];
  let away = false;
  let judge: (input: TaskInput) => { text?: string; code?: string } = () => ({ text: 'Fine.\nSCORE: 1' });
  let running = 0;
  let open: Promise<void> = Promise.resolve();
  const askMesh: AskMesh = async (principal, { query, variables = {} }) => {
    running++;
    await open;
    running--;
    if (away) throw new Error('nobody answers');
    if (query.includes('task(')) return { data: { task: tasks.get(variables['id'] as string) ?? null } };
    const input = variables['input'] as TaskInput;
    asked.push({ principal, input });
    const { text, code } = judge(input);
    if (text !== undefined) return { data: { ask: { text } } };
    return { data: { ask: null }, errors: [{ message: 'no', extensions: { code } }] };
  };
  return {
    askMesh,
    tasks,
    asked,
    setAway: (value: boolean) => (away = value),
    setJudge: (value: typeof judge) => (judge = value),
    running: () => running,
    /** Nobody is answered until what it gives is called. */
    hold: () => {
      let release: () => void = () => undefined;
      open = new Promise((resolve) => (release = resolve));
      return release;
    },
  };
}

describe('evaluators', () => {
  const mesh = pretendMesh();
  let evaluations: Awaited<ReturnType<typeof openSubgraph>>;
  beforeAll(async () => {
    evaluations = await openSubgraph(evaluationsSubgraph, () => openPglite({ dataDir: null }), { askMesh: mesh.askMesh });
  });
  afterAll(() => evaluations.close());
  beforeEach(() => {
    mesh.setAway(false);
    mesh.setJudge(() => ({ text: 'Fine.\nSCORE: 1' }));
    mesh.asked.length = 0;
  });

  const set = async (input: object, principal?: Principal) => {
    const { evaluatorSet } = await evaluations.ask<{
      evaluatorSet: {
        evaluator: { id: string; version: number } | null;
        userErrors: { code: string; path: string[]; message: string }[];
      };
    }>(
      `mutation ($input: EvaluatorInput!) { evaluatorSet(input: $input) { evaluator { id version } userErrors { code path message } } }`,
      { input },
      principal,
    );
    return evaluatorSet;
  };
  const answer = (taskClass: string, input: TaskInput, text: string, agentId = 'a') => {
    const taskId = randomUUID();
    mesh.tasks.set(taskId, { input: { ...input, taskClass }, output: { text } });
    const data = { tenant: 'demo', taskId, taskClass, agentId, modelId: 'm' };
    const options = { subgraph: 'agents', nowMs: evaluations.clock() } as const;
    const attempt = { ...data, kind: 'ATTEMPT', status: 'RUNNING', attemptId: randomUUID(), outcome: 'SUCCEEDED' };
    const done = { ...data, kind: 'SUCCEEDED', status: 'SUCCEEDED' };
    return {
      taskId,
      events: [newEvent('task.attempt', taskId, attempt, options), newEvent('task.succeeded', taskId, done, options)],
    };
  };
  const tell = async (...answers: ReturnType<typeof answer>[]): Promise<void> => {
    await evaluations.eventLog.append(
      'mesh.tasks',
      answers.flatMap(({ events }) => events),
    );
    await evaluations.subgraph.settled();
  };
  const foundAbout = async (taskId: string) => {
    const { _entities } = await evaluations.ask<{
      _entities: { evaluations: { metric: string; passed: boolean; score: number; evaluator: string; explanation: string }[] }[];
    }>(
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Task { evaluations { metric passed score evaluator explanation } } } }`,
      { r: [{ __typename: 'Task', id: taskId }] },
    );
    return _entities[0]!.evaluations.filter(({ metric }) => metric !== 'completion');
  };
  const pending = async (): Promise<number> =>
    (await evaluations.database.query(`select 1 from evaluations.pending_evaluation`)).rowCount;

  it.each<[string, object, TaskInput, string, { metric: string; passed: boolean }]>([
    [
      'exact',
      { kind: 'EXACT_MATCH' },
      { prompt: 'Capital?', reference: 'Paris' },
      'paris.',
      { metric: 'exact_match', passed: true },
    ],
    ['numeric', { kind: 'NUMERIC' }, { prompt: '2 + 2', reference: '4' }, 'It is $5.', { metric: 'numeric', passed: false }],
    ['regex', { kind: 'REGEX', pattern: '^[A-D]$' }, { prompt: 'Choose.' }, 'B', { metric: 'regex', passed: true }],
    [
      'schema',
      { kind: 'JSON_SCHEMA', schema: { required: ['total'] } },
      { prompt: 'As JSON.' },
      '{"sum": 1}',
      { metric: 'schema', passed: false },
    ],
    ['judge', { kind: 'JUDGE' }, { prompt: 'Explain.' }, 'Because.', { metric: 'judge', passed: true }],
  ])('%s: judges the answers of its class, once however often they are told of', async (id, settings, input, text, expected) => {
    expect((await set({ id, taskClass: id, ...settings })).userErrors).toEqual([]);
    const one = answer(id, input, text);
    const other = answer('another class', input, text);
    await tell(one, other);
    await evaluations.database.query(`delete from events.consumed where consumer_group = 'evaluations'`);
    await evaluations.subgraph.settled();
    expect(await foundAbout(one.taskId)).toMatchObject([{ ...expected, evaluator: id }]);
    expect(await foundAbout(other.taskId)).toEqual([]);
    expect(await pending()).toBe(0);
    expect(mesh.asked).toHaveLength(id === 'judge' ? 1 : 0);
  });

  it('takes a wrong answer for a failure of who gave it, and not for a success as well', async () => {
    await set({ id: 'sums', taskClass: 'sums', kind: 'NUMERIC' });
    await tell(
      answer('sums', { prompt: '1 + 1', reference: '2' }, '2', 'summer'),
      answer('sums', { prompt: '1 + 2', reference: '3' }, '4', 'summer'),
      answer('sums', { prompt: '1 + 3' }, '4', 'summer'),
    );
    const { _entities } = await evaluations.ask<{ _entities: unknown[] }>(
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Agent { quality { samples successRate } } } }`,
      { r: [{ __typename: 'Agent', id: 'summer' }] },
    );
    expect(_entities).toEqual([{ quality: { samples: 3, successRate: 3 / 5 } }]);
  });

  it('asks a judge as a service of the tenant, with a key for the task, and believes its score', async () => {
    await set({
      id: 'strict',
      taskClass: 'essay',
      kind: 'JUDGE',
      passScore: 0.7,
      judgeTaskClass: 'judging',
      rubric: 'Be strict.',
    });
    mesh.setJudge(() => ({ text: 'It is thin.\nSCORE: 0.6' }));
    const essay = answer('essay', { prompt: 'Write.' }, 'Here.');
    await tell(essay);
    expect(await foundAbout(essay.taskId)).toMatchObject([{ passed: false, score: 0.6, explanation: 'It is thin.' }]);
    expect(mesh.asked).toMatchObject([
      {
        principal: { id: 'mesh-evaluations', kind: 'SERVICE', tenant: 'demo' },
        input: { taskClass: 'judging', idempotencyKey: expect.stringContaining(`judge:${essay.taskId}:`) },
      },
    ]);
    expect(mesh.asked[0]!.input.prompt).toContain('Be strict.');
  });

  it('waits for a gateway that is away, and asks the judge with the same key', async () => {
    const essay = answer('essay', { prompt: 'Write.' }, 'Here.');
    mesh.setAway(true);
    await tell(essay);
    expect(await foundAbout(essay.taskId)).toEqual([]);
    mesh.setAway(false);
    mesh.setJudge(() => ({ code: 'NO_ROUTE' }));
    evaluations.advance(60_000);
    await evaluations.subgraph.settled();
    mesh.setJudge(() => ({ text: 'SCORE: 1' }));
    evaluations.advance(60_000);
    await evaluations.subgraph.settled();
    expect(await foundAbout(essay.taskId)).toMatchObject([{ passed: true }]);
    expect(mesh.asked).toHaveLength(2);
    expect(mesh.asked[0]!.input.idempotencyKey).toBe(mesh.asked[1]!.input.idempotencyKey);
  });

  it.each<[string, { text?: string; code?: string }]>([
    ['whose answer has no score', { text: 'Lovely.' }],
    ['whose task failed', { code: 'TASK_FAILED' }],
  ])('asks a judge %s three times at most, each time anew, and leaves the answer unevaluated', async (_, says) => {
    const essay = answer('essay', { prompt: 'Write.' }, 'Here.');
    mesh.setJudge(() => says);
    await tell(essay);
    for (let n = 0; n < 5; n++) {
      evaluations.advance(60_000);
      await evaluations.subgraph.settled();
    }
    expect(new Set(mesh.asked.map(({ input }) => input.idempotencyKey)).size).toBe(3);
    expect(mesh.asked).toHaveLength(3);
    expect(await foundAbout(essay.taskId)).toEqual([]);
    expect(await pending()).toBe(0);
  });

  it('gives up after ten minutes, and holds up nobody meanwhile', async () => {
    mesh.setAway(true);
    const stuck = answer('sums', { prompt: '1 + 1', reference: '2' }, '2');
    await tell(stuck);
    mesh.setAway(false);
    const next = answer('sums', { prompt: '2 + 2', reference: '4' }, '4');
    await tell(next);
    expect(await foundAbout(next.taskId)).toHaveLength(1);
    mesh.setAway(true);
    for (let n = 0; n < 12; n++) {
      evaluations.advance(60_000);
      await evaluations.subgraph.settled();
    }
    expect(await pending()).toBe(0);
    expect(await foundAbout(stuck.taskId)).toEqual([]);
  });

  it('never has a judge judge a judge', async () => {
    const refused = await set({ id: 'of-judges', taskClass: 'judging', kind: 'JUDGE', judgeTaskClass: 'higher-judging' });
    expect(refused).toMatchObject({
      evaluator: null,
      userErrors: [{ code: 'BAD_USER_INPUT', path: ['input', 'judgeTaskClass'] }],
    });
    const chained = await set({ id: 'chained', taskClass: 'poems', kind: 'JUDGE', judgeTaskClass: 'essay' });
    expect(chained.userErrors).toHaveLength(1);
    // As if two had been set before such things were refused.
    await evaluations.database.query(
      `insert into evaluations.evaluator (id, tenant, task_class, kind, enabled, judge_task_class, pass_score, version, created_at, updated_at)
       values ('smuggled', 'demo', 'judging', 'JUDGE', true, 'higher', 0.5, 1, now(), now())`,
    );
    const judgement = answer('judging', { prompt: 'Judge.' }, 'SCORE: 1');
    await tell(judgement);
    expect(await foundAbout(judgement.taskId)).toEqual([]);
    expect(mesh.asked).toEqual([]);
  });

  it('works on four answers at once and no more', async () => {
    const answers = Array.from({ length: 30 }, (_, n) => answer('sums', { prompt: `${n}`, reference: `${n}` }, `${n}`));
    const release = mesh.hold();
    await evaluations.eventLog.append(
      'mesh.tasks',
      answers.flatMap(({ events }) => events),
    );
    await expect.poll(async () => (await pending()) === 30 && mesh.running()).toBe(4);
    release();
    await evaluations.subgraph.settled();
    expect(await pending()).toBe(0);
    for (const { taskId } of answers) expect(await foundAbout(taskId)).toHaveLength(1);
  });

  it('overrules evaluators by who knows, with what the task says of agent, model and class', async () => {
    const essay = answer('essay', { prompt: 'Write.' }, 'Here.', 'writer');
    mesh.setJudge(() => ({ text: 'SCORE: 1' }));
    await tell(essay);
    const quality = async () =>
      (
        await evaluations.ask<{ _entities: { quality: object }[] }>(
          `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Agent { quality { samples successRate } } } }`,
          { r: [{ __typename: 'Agent', id: 'writer' }] },
        )
      )._entities[0]!.quality;
    expect(await quality()).toEqual({ samples: 1, successRate: 2 / 3 });
    const { evaluationRecord } = await evaluations.ask<{ evaluationRecord: object }>(
      `mutation ($input: EvaluationInput!) { evaluationRecord(input: $input) { evaluation { taskClass agent { id } model { id } } userErrors { code } } }`,
      { input: { taskId: essay.taskId, metric: 'correct', score: 0, passed: false, evaluator: 'Ada' } },
    );
    expect(evaluationRecord).toEqual({
      evaluation: { taskClass: 'essay', agent: { id: 'writer' }, model: { id: 'm' } },
      userErrors: [],
    });
    expect(await quality()).toEqual({ samples: 1, successRate: 1 / 3 });
  });

  it('says so when it knows no answer of the task that the class was to be taken from', async () => {
    const { evaluationRecord } = await evaluations.ask<{ evaluationRecord: object }>(
      `mutation ($input: EvaluationInput!) { evaluationRecord(input: $input) { evaluation { id } userErrors { code path } } }`,
      { input: { taskId: 'unknown', metric: 'correct', score: 0, passed: false, evaluator: 'Ada' } },
    );
    expect(evaluationRecord).toEqual({
      evaluation: null,
      userErrors: [{ code: 'NOT_FOUND', path: ['input', 'taskId'] }],
    });
  });

  it.each<[string, object, string]>([
    ['a pattern that is none', { kind: 'REGEX', pattern: '(' }, 'pattern'],
    ['no pattern', { kind: 'REGEX' }, 'pattern'],
    ['a schema that is none', { kind: 'JSON_SCHEMA', schema: { type: 'nonsense' } }, 'schema'],
    ['a schema that is a number', { kind: 'JSON_SCHEMA', schema: 3 }, 'schema'],
    ['a negative tolerance', { kind: 'NUMERIC', tolerance: '-1' }, 'tolerance'],
    ['its own class to judge', { kind: 'JUDGE', judgeTaskClass: 'wrong' }, 'judgeTaskClass'],
    ['a score beyond 1', { kind: 'JUDGE', passScore: 2 }, 'passScore'],
    ['no class', { kind: 'NUMERIC', taskClass: '' }, 'taskClass'],
  ])('are refused with %s', async (_, settings, name) => {
    const refused = await set({ id: 'wrong', taskClass: 'wrong', ...settings });
    expect(refused.evaluator).toBeNull();
    expect(refused.userErrors.map(({ path }) => path.join('.'))).toEqual([`input.${name}`]);
  });

  it('change with their settings, and stay as they are with the same ones', async () => {
    const input = { id: 'kept', taskClass: 'kept', kind: 'REGEX', pattern: 'a' };
    expect((await set(input)).evaluator!.version).toBe(1);
    expect((await set({ ...input, rubric: 'says nothing here' })).evaluator!.version).toBe(1);
    expect((await set({ ...input, pattern: 'b' })).evaluator!.version).toBe(2);
    const other = { ...ADMIN, tenant: 'other' };
    expect((await set(input, other)).userErrors).toMatchObject([{ code: 'ALREADY_EXISTS' }]);
    const query = `query ($id: ID!) { evaluator(id: $id) { pattern } evaluators(taskClass: "kept") { totalCount nodes { id } } }`;
    expect(await evaluations.ask(query, { id: 'kept' })).toEqual({
      evaluator: { pattern: 'b' },
      evaluators: { totalCount: 1, nodes: [{ id: 'kept' }] },
    });
    expect(await evaluations.ask(query, { id: 'kept' }, other)).toEqual({
      evaluator: null,
      evaluators: { totalCount: 0, nodes: [] },
    });
  });
});

describe('the leaderboard', () => {
  let evaluations: Awaited<ReturnType<typeof openSubgraph>>;
  beforeAll(async () => {
    evaluations = await openSubgraph(evaluationsSubgraph);
    const record = (agentId: string, passed: boolean, taskClass = 'c', principal = ADMIN) =>
      evaluations.ask(
        `mutation ($input: EvaluationInput!) { evaluationRecord(input: $input) { userErrors { code } } }`,
        {
          input: { agentId, modelId: 'm', taskClass, metric: 'correct', score: passed ? 1 : 0, passed, evaluator: 'test' },
        },
        principal,
      );
    for (let n = 0; n < 30; n++) await record('steady', n % 10 !== 0);
    for (let n = 0; n < 2; n++) await record('lucky', true);
    for (let n = 0; n < 20; n++) await record('weak', n % 4 === 0);
    await record('unlucky', false);
    await record('lucky', false, 'other');
    await record('stranger', true, 'c', { ...ADMIN, tenant: 'elsewhere' });
  });
  afterAll(() => evaluations.close());

  const board = async (args: string) => {
    const { leaderboard } = await evaluations.ask<{
      leaderboard: { agent: { id: string }; taskClass: string | null; quality: { lowerBound: number; samples: number } }[];
    }>(`{ leaderboard(${args}) { agent { id } taskClass quality { samples lowerBound upperBound } } }`);
    return leaderboard;
  };
  const ids = (entries: { agent: { id: string } }[]): string[] => entries.map(({ agent }) => agent.id);

  it('is led by who certainly does well, not by two lucky answers, and shows only the tenant', async () => {
    expect(ids(await board('taskClass: "c"'))).toEqual(['steady', 'lucky', 'weak', 'unlucky']);
  });

  it('ends with who certainly does badly, not with one unlucky answer', async () => {
    expect(ids(await board('taskClass: "c", order: WORST'))).toEqual(['weak', 'unlucky', 'steady', 'lucky']);
  });

  it('of all classes adds up what an agent did in each', async () => {
    const lucky = (await board('first: 100')).find(({ agent }) => agent.id === 'lucky')!;
    expect(lucky).toMatchObject({ taskClass: null, quality: { samples: 3 } });
  });

  it('is as long as asked for', async () => {
    expect(ids(await board('taskClass: "c", first: 1'))).toEqual(['steady']);
    expect(ids(await board('taskClass: "c", first: 2, order: WORST'))).toEqual(['weak', 'unlucky']);
    await expect(board('first: 0')).rejects.toThrow('BAD_USER_INPUT');
    await expect(board('first: 101')).rejects.toThrow('BAD_USER_INPUT');
  });
});
