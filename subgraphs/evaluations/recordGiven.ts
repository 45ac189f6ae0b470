import { createHash, randomUUID } from 'node:crypto';
import { canonicalJson } from '../shared/canonicalJson.js';
import type { Queryable } from '../shared/database/Database.js';
import { badInput, type UserError } from '../shared/userErrors.js';
import { findAnswerOfTask, findBySourceKey, type Evaluation } from './evaluationStore.js';
import { recordEvaluation } from './recordEvaluation.js';

export interface EvaluationInput {
  readonly taskId?: string | null;
  readonly agentId?: string | null;
  readonly modelId?: string | null;
  readonly taskClass?: string | null;
  readonly metric: string;
  readonly score: number;
  readonly passed: boolean;
  readonly evaluator: string;
  readonly explanation?: string | null;
  readonly idempotencyKey?: string | null;
}

export interface EvaluationPayload {
  readonly evaluation: Evaluation | null;
  readonly userErrors: readonly UserError[];
}

/**
 * Records what a caller found. What the input leaves out of agent, model and class is that of the task's answer. The same idempotency
 * key with the same input records it once.
 */
export async function recordGiven(
  tx: Queryable,
  tenant: string | null,
  given: EvaluationInput,
  nowMs: number,
): Promise<EvaluationPayload> {
  const answer = given.taskId && tenant !== null ? await findAnswerOfTask(tx, tenant, given.taskId) : undefined;
  const input = {
    ...given,
    agentId: given.agentId ?? answer?.agentId ?? null,
    modelId: given.modelId ?? answer?.modelId ?? null,
    taskClass: given.taskClass ?? answer?.taskClass ?? '',
  };
  const errors = problemsOf(tenant, input);
  if (errors.length > 0) return { evaluation: null, userErrors: errors };
  const evaluation = toEvaluation(tenant!, input, hashOf(given), new Date(nowMs));
  const recorded = (await recordEvaluation(tx, evaluation, nowMs))
    ? evaluation
    : await findBySourceKey(tx, tenant!, evaluation.sourceKey);
  if (recorded?.inputHash === evaluation.inputHash) return { evaluation: recorded, userErrors: [] };
  const message = 'The idempotency key was used with another input. Use a new key.';
  return { evaluation: null, userErrors: [{ code: 'IDEMPOTENCY_CONFLICT', message, path: ['input', 'idempotencyKey'] }] };
}

type Completed = EvaluationInput & Pick<Evaluation, 'agentId' | 'modelId' | 'taskClass'>;

/** Of what was given, not of what was added to it: the task's answer may have become known in between. */
function hashOf(input: EvaluationInput): string {
  const { idempotencyKey: _, ...given } = input;
  return createHash('sha256').update(canonicalJson(given)).digest('base64url');
}

function toEvaluation(tenant: string, { idempotencyKey, ...input }: Completed, inputHash: string, at: Date): Evaluation {
  const id = randomUUID();
  return {
    id,
    tenant,
    taskId: input.taskId ?? null,
    agentId: input.agentId,
    modelId: input.modelId,
    taskClass: input.taskClass,
    metric: input.metric,
    score: input.score,
    passed: input.passed,
    evaluator: input.evaluator,
    explanation: input.explanation ?? null,
    at,
    sourceKey: idempotencyKey ? `key:${idempotencyKey}` : `id:${id}`,
    inputHash,
  };
}

const MAX_TEXT = 10_000;

function problemsOf(tenant: string | null, input: Completed): UserError[] {
  const errors: UserError[] = [];
  if (tenant === null) errors.push(badInput(['input'], 'You belong to no tenant; record the evaluation as one who does.'));
  for (const name of ['taskClass', 'metric', 'evaluator'] as const) {
    if (input[name].trim() !== '' && input[name].length <= 200) continue;
    // Where the class is left out it is taken from the task, which this subgraph knows once it has been answered.
    if (name === 'taskClass' && input.taskId && input.taskClass === '')
      errors.push({ code: 'NOT_FOUND', message: `No task "${input.taskId}" has been answered.`, path: ['input', 'taskId'] });
    else errors.push(badInput(['input', name], 'It has 1 to 200 characters.'));
  }
  if (!(input.score >= 0 && input.score <= 1))
    errors.push(badInput(['input', 'score'], `A score is from 0 to 1, not ${input.score}.`));
  if ((input.explanation?.length ?? 0) > MAX_TEXT) {
    errors.push(badInput(['input', 'explanation'], `An explanation has at most ${MAX_TEXT} characters.`));
  }
  return errors;
}
