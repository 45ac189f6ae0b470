import type { Queryable } from '../shared/database/Database.js';
import { newEvent, publish } from '../shared/outbox.js';
import { addEvaluation, findFindingsOfTask, type Evaluation } from './evaluationStore.js';
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
    const key = { tenant, agentId, modelId, taskClass };
    const before = await lockPosterior(tx, key, at.getTime());
    // Read under the lock: two findings about one task take turns, and the second sees the first.
    const earlier = taskId === null ? [] : await findFindingsOfTask(tx, key, taskId, id);
    const after = {
      ...before,
      ...updatePosterior(before, { metric, score, passed, atMs: at.getTime() }, earlier),
      version: before.version + 1,
    };
    await savePosterior(tx, after);
    quality.push(toQualityRecord(after));
  }
  const data = { tenant, evaluationId: id, taskId, agentId, modelId, taskClass, passed, score, quality };
  await publish(tx, 'evaluations', newEvent('evaluation.recorded', id, data, { subgraph: 'evaluations', nowMs }));
  return true;
}
