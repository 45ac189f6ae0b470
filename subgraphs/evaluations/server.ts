import { randomUUID } from 'node:crypto';
import type { MeshEvent } from '../shared/events.js';
import type { SubgraphDefinition, SubgraphResources } from '../shared/Subgraph.js';
import type { Evaluation } from './evaluationStore.js';
import { recordEvaluation } from './recordEvaluation.js';
import { createContext, resolvers } from './resolvers.js';

/** How good the work is: evaluations, and what they make of each agent and model. */
export const evaluationsSubgraph: SubgraphDefinition = {
  name: 'evaluations',
  migrations: 'subgraphs/evaluations/migrations',
  resolvers,
  createContext,
  start: async (resources) => [
    await resources.eventLog.consume('evaluations', ['mesh.tasks'], (_, events) => judgeAttempts(events, resources)),
  ],
};

/** Every attempt that did work is an evaluation of who did it. Refused and skipped ones say nothing of their quality. */
async function judgeAttempts(events: readonly MeshEvent[], { database, clock, wakeRelay }: SubgraphResources): Promise<void> {
  const evaluations = events.flatMap((event) =>
    event.type === 'task.attempt' ? toEvaluation(event as MeshEvent<'task.attempt'>) : [],
  );
  if (evaluations.length === 0) return;
  await database.transaction(async (tx) => {
    for (const evaluation of evaluations) await recordEvaluation(tx, evaluation, clock());
  });
  wakeRelay();
}

const JUDGED: Readonly<Record<string, string>> = {
  SUCCEEDED: 'The attempt gave an answer.',
  FAILED: 'The attempt failed.',
  TIMED_OUT: 'The attempt took too long.',
};

function toEvaluation({ id, time, data }: MeshEvent<'task.attempt'>): Evaluation[] {
  const explanation = JUDGED[data.outcome ?? ''];
  if (explanation === undefined) return [];
  const passed = data.outcome === 'SUCCEEDED';
  const { tenant, taskId, agentId, modelId, taskClass } = data;
  const found = { metric: 'completion', score: passed ? 1 : 0, passed, evaluator: 'outcome', explanation };
  return [
    {
      id: randomUUID(),
      tenant,
      taskId,
      agentId,
      modelId,
      taskClass,
      ...found,
      at: new Date(time),
      sourceKey: `event:${id}`,
      inputHash: id,
    },
  ];
}
