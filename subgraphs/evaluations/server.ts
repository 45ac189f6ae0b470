import { randomUUID } from 'node:crypto';
import type { MeshEvent } from '../shared/events.js';
import type { SubgraphDefinition, SubgraphResources } from '../shared/Subgraph.js';
import { createEvaluating, type Evaluating } from './createEvaluating.js';
import type { Evaluation } from './evaluationStore.js';
import { addPending, type AnsweredTask } from './pendingStore.js';
import { recordEvaluation } from './recordEvaluation.js';
import { createContext, resolvers } from './resolvers.js';

/** How good the work is: evaluations, those who make them, and what they make of each agent and model. */
export const evaluationsSubgraph: SubgraphDefinition = {
  name: 'evaluations',
  migrations: 'subgraphs/evaluations/migrations',
  resolvers,
  createContext,
  start: async (resources) => {
    const evaluating = createEvaluating(resources);
    const consumer = await resources.eventLog.consume('evaluations', ['mesh.tasks'], (_, events) =>
      takeTasks(events, resources, evaluating),
    );
    return [consumer, evaluating];
  },
};

const EVALUATIONS_AT_ONCE = 25;

/**
 * Every attempt that did work is an evaluation of who did it. One that was skipped says nothing of its quality, nor does a refusal,
 * unless another candidate could: a question that nobody can answer is nobody's failure. Every answer is put
 * before the evaluators of its class, who take their time.
 */
async function takeTasks(
  events: readonly MeshEvent[],
  { database, clock, wakeRelay }: SubgraphResources,
  evaluating: Evaluating,
): Promise<void> {
  const evaluations = events.flatMap((event) =>
    event.type === 'task.attempt' ? toEvaluation(event as MeshEvent<'task.attempt'>) : [],
  );
  const answered = events.flatMap((event) =>
    event.type === 'task.succeeded' ? toAnswered(event as MeshEvent<'task.succeeded'>) : [],
  );
  if (evaluations.length + answered.length === 0) return;
  // Several transactions, since one may take 5 s at most and each evaluation moves a belief of its own; a batch that comes again
  // finds what is there by its source.
  for (let start = 0; start < evaluations.length; start += EVALUATIONS_AT_ONCE) {
    await database.transaction(async (tx) => {
      for (const evaluation of evaluations.slice(start, start + EVALUATIONS_AT_ONCE))
        await recordEvaluation(tx, evaluation, clock());
    });
    wakeRelay();
  }
  const pending = await database.transaction((tx) => addPending(tx, answered, new Date(clock())));
  if (pending > 0) evaluating.wake();
}

function toAnswered({ data }: MeshEvent<'task.succeeded'>): AnsweredTask[] {
  const { tenant, taskId, taskClass, agentId, modelId } = data;
  return agentId === null || modelId === null ? [] : [{ tenant, taskId, taskClass, agentId, modelId }];
}

const JUDGED: Readonly<Record<string, string>> = {
  SUCCEEDED: 'The attempt gave an answer.',
  FAILED: 'The attempt failed.',
  TIMED_OUT: 'The attempt took too long.',
};
const OUTDONE = 'The agent said that it cannot, and another could.';

function toEvaluation({ id, time, data }: MeshEvent<'task.attempt'>): Evaluation[] {
  const explanation = data.outdone ? OUTDONE : JUDGED[data.outcome ?? ''];
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
