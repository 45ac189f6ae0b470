import type { RouteHint } from '../../shared/routeHint.js';
import type { Task } from '../Task.js';
import type { Try } from './walkRoute.js';

/** The task as its attempts leave it: answered by the last of them, or failed. */
export function endOf(task: Task, tries: readonly Try[], nowMs: number): Task {
  const last = tries.findLast(({ usage }) => usage !== null) ?? tries.at(-1);
  const answer = tries.at(-1)?.answer ?? null;
  const told = tries.map(
    ({ attempt }) => `${attempt.agentId} with ${attempt.modelId}: ${attempt.outcome}, ${attempt.message ?? ''}`,
  );
  return {
    ...task,
    status: answer ? 'SUCCEEDED' : 'FAILED',
    agentId: last?.attempt.agentId ?? task.agentId,
    modelId: last?.attempt.modelId ?? task.modelId,
    text: answer?.text ?? null,
    output: answer ? { text: answer.text, ...answer.output } : null,
    error: answer ? null : { code: 'TASK_FAILED', message: `Every candidate failed. ${told.join('; ')}.` },
    finishedAt: new Date(nowMs),
    latencyMs: Math.max(0, Math.round(nowMs - task.createdAt.getTime())),
  };
}

/** OVER_BUDGET when money alone stood in the way of somebody, otherwise NO_ROUTE. */
export function noRouteError({ rejected }: RouteHint): { code: string; message: string } {
  const overBudget = rejected.find(({ code }) => code === 'OVER_BUDGET');
  if (overBudget) return { code: 'OVER_BUDGET', message: `No budget is left for this: ${overBudget.reason}.` };
  const codes = [...new Set(rejected.map(({ code }) => code))].join(', ');
  return { code: 'NO_ROUTE', message: `No agent may compute this${codes ? ` (${codes})` : ''}; \`rejected\` says why for each.` };
}
