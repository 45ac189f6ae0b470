import type { Queryable } from '../shared/database/Database.js';
import { newEvent, publish } from '../shared/outbox.js';
import { addEvaluation, type Evaluation } from './evaluationStore.js';
import { updatePosterior } from './posterior.js';
import { lockPosterior, savePosterior, toQualityRecord } from './posteriorStore.js';

/**
 * Adds an evaluation, moves the belief that it bears on and tells of both, in the caller's transaction. False: it is there already,
 * and nothing was changed.
 */
export async function recordEvaluation(tx: Queryable, evaluation: Evaluation, nowMs: number): Promise<boolean> {
  if (!(await addEvaluation(tx, evaluation))) return false;
  const { id, tenant, taskId, agentId, modelId, taskClass, metric, score, passed, at } = evaluation;
  const quality = [];
  if (agentId !== null && modelId !== null) {
    const before = await lockPosterior(tx, { tenant, agentId, modelId, taskClass }, at.getTime());
    const after = {
      ...before,
      ...updatePosterior(before, { metric, score, passed, atMs: at.getTime() }),
      version: before.version + 1,
    };
    await savePosterior(tx, after);
    quality.push(toQualityRecord(after));
  }
  const data = { tenant, evaluationId: id, taskId, agentId, modelId, taskClass, passed, score, quality };
  await publish(tx, 'evaluations', newEvent('evaluation.recorded', id, data, { subgraph: 'evaluations', nowMs }));
  return true;
}
