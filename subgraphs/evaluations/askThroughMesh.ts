import { createHash } from 'node:crypto';
import type { Principal } from '../shared/principal.js';
import type { AskMesh } from '../shared/Subgraph.js';
import type { Answered, Evaluator, Verdict } from './evaluators/Evaluator.js';
import { judgePrompt, readVerdict } from './evaluators/judgePrompt.js';
import type { Pending } from './pendingStore.js';

/** Why an answer could not be evaluated just now. */
export class NotEvaluated extends Error {
  override readonly name = 'NotEvaluated';
  /** A judge has answered, and asking it again is a new question with a price of its own. */
  readonly judgedInVain: boolean;

  constructor(message: string, judgedInVain = false) {
    super(message);
    this.judgedInVain = judgedInVain;
  }
}

/** The evaluations subgraph as a caller: it reads the tenant's tasks and has judges work, under the tenant's policies and budgets. */
export function evaluationsPrincipal(tenant: string): Principal {
  return {
    id: 'mesh-evaluations',
    kind: 'SERVICE',
    tenant,
    roles: ['evaluator'],
    scopes: ['tasks.read', 'tasks.run'],
    clearances: [],
    region: null,
  };
}

interface TaskData {
  readonly input: { readonly prompt?: string | null; readonly payload?: unknown; readonly reference?: string | null } | null;
  readonly output: { readonly text?: unknown } | null;
}

/** What was asked and answered, as it stands on the task. Throws NotEvaluated when the mesh does not show it. */
export async function readAnswered(askMesh: AskMesh, { tenant, taskId }: Pending): Promise<Answered> {
  const { data, errors } = await askMesh(evaluationsPrincipal(tenant), {
    query: 'query EvaluatedTask($id: ID!) { task(id: $id) { input output } }',
    variables: { id: taskId },
  });
  const task = data?.['task'] as TaskData | null | undefined;
  if (!task) throw new NotEvaluated(`The task cannot be read: ${errors?.[0]?.message ?? 'it is not there'}`);
  const { prompt, payload, reference } = task.input ?? {};
  const given = payload === undefined || payload === null ? '' : JSON.stringify(payload);
  const text = task.output?.text;
  return {
    prompt: [prompt ?? '', given].filter((part) => part !== '').join('\n'),
    reference: reference ?? null,
    text: typeof text === 'string' ? text : '',
    output: task.output,
  };
}

const ASK = `query Judge($input: TaskInput!) { ask(input: $input) { text } }`;

/**
 * Has a judge judge. The idempotency key is the task's and the evaluator's: however often it is asked, a judgement is paid once, until
 * it turns out to be of no use (`judged` counts those). Throws NotEvaluated when there is no verdict.
 */
export async function askJudge(askMesh: AskMesh, evaluator: Evaluator, pending: Pending, answered: Answered): Promise<Verdict> {
  const { judgeTaskClass, rubric, passScore, maxCostUsd, version } = evaluator;
  const { tenant, taskId, judged } = pending;
  const about = createHash('sha256')
    .update(JSON.stringify([evaluator.id, version, judged]))
    .digest('base64url')
    .slice(0, 22);
  const input = {
    taskClass: judgeTaskClass,
    prompt: judgePrompt(answered, rubric),
    purpose: 'evaluation',
    latencyClass: 'BATCH',
    idempotencyKey: `judge:${taskId}:${about}`,
    ...(maxCostUsd !== null && { maxCostUsd }),
  };
  const { data, errors } = await askMesh(evaluationsPrincipal(tenant), { query: ASK, variables: { input } });
  const answer = data?.['ask'] as { text: string | null } | null | undefined;
  if (!answer) {
    const [error] = errors ?? [];
    throw new NotEvaluated(
      `The judge gave no answer: ${error?.message ?? 'no reason'}`,
      error?.extensions?.['code'] === 'TASK_FAILED',
    );
  }
  const verdict = readVerdict(answer.text ?? '', passScore ?? 0.5);
  if (!verdict) throw new NotEvaluated('The answer of the judge has no line SCORE with a number from 0 to 1.', true);
  return verdict;
}
