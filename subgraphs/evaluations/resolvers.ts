import DataLoader from 'dataloader';
import { readPage, toConnection } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import { MeshError } from '../shared/errors.js';
import type { Principal } from '../shared/principal.js';
import type { RequestContext } from '../shared/requestContext.js';
import type { SnapshotPage } from '../shared/snapshot.js';
import type { SubgraphResources } from '../shared/Subgraph.js';
import * as store from './evaluationStore.js';
import type { Evaluation, EvaluationFilter } from './evaluationStore.js';
import type { Evaluator } from './evaluators/Evaluator.js';
import { countEvaluators, findEvaluatorPage, findEvaluatorsByIds } from './evaluatorStore.js';
import { leaderboard, type LeaderboardEntry, type LeaderboardOrder } from './leaderboard.js';
import { toQuality } from './posterior.js';
import { findPosteriors, findPosteriorsAfter, toQualityRecord, type StoredPosterior } from './posteriorStore.js';
import { recordGiven, type EvaluationInput, type EvaluationPayload } from './recordGiven.js';
import { setEvaluator, type EvaluatorInput, type EvaluatorPayload } from './setEvaluator.js';

export interface EvaluationsContext {
  readonly request: RequestContext;
  readonly resources: SubgraphResources;
  readonly evaluations: DataLoader<string, Evaluation | undefined>;
  readonly evaluators: DataLoader<string, Evaluator | undefined>;
  readonly ofTask: DataLoader<string, Evaluation[]>;
  readonly ofAgent: DataLoader<string, StoredPosterior[]>;
  readonly ofModel: DataLoader<string, StoredPosterior[]>;
}

export function createContext(request: RequestContext, resources: SubgraphResources): EvaluationsContext {
  const { database } = resources;
  const tenant = request.principal.tenant ?? '';
  const posteriors = (column: 'agent_id' | 'model_id', idOf: (posterior: StoredPosterior) => string) =>
    new DataLoader<string, StoredPosterior[]>(async (ids) => {
      const found = await findPosteriors(database, tenant, column, ids);
      return ids.map((id) => found.filter((posterior) => idOf(posterior) === id));
    });
  return {
    request,
    resources,
    evaluations: new DataLoader((ids) => store.findEvaluationsByIds(database, tenant, ids)),
    evaluators: new DataLoader((ids) => findEvaluatorsByIds(database, tenant, ids)),
    ofTask: new DataLoader((ids) => store.findEvaluationsOfTasks(database, tenant, ids)),
    ofAgent: posteriors('agent_id', ({ agentId }) => agentId),
    ofModel: posteriors('model_id', ({ modelId }) => modelId),
  };
}

const SNAPSHOT_PAGE = 1_000;
const reference = (id: string | null): { id: string } | null => (id === null ? null : { id });
const stub = { __resolveReference: async ({ id }: { id: string }) => ({ id }) };

async function qualityOf(posteriors: Promise<StoredPosterior[]>, taskClass: string | null | undefined, clock: () => number) {
  const matching = (await posteriors).filter((posterior) => !taskClass || posterior.taskClass === taskClass);
  return toQuality(matching, clock());
}

export const resolvers = {
  Query: {
    evaluations: async (
      _: unknown,
      args: { filter?: EvaluationFilter | null; first?: number | null; after?: string | null },
      { request, resources: { database } }: EvaluationsContext,
    ) => {
      const tenant = request.principal.tenant ?? '';
      const filter = args.filter ?? {};
      const page = readPage(args);
      const rows = await store.findEvaluationPage(database, tenant, filter, page);
      const total = await store.countEvaluations(database, tenant, filter);
      return toConnection(rows, page.limit, page.after !== null, total, ({ at, id }) => ({ sortKey: at.toISOString(), id }));
    },

    leaderboard: (
      _: unknown,
      args: { taskClass?: string | null; first?: number | null; order?: LeaderboardOrder | null },
      { request, resources: { database, clock } }: EvaluationsContext,
    ): Promise<LeaderboardEntry[]> => {
      const { taskClass = null, first, order } = args;
      return leaderboard(
        database,
        request.principal.tenant ?? '',
        { taskClass, first: first ?? 10, order: order ?? 'BEST' },
        clock(),
      );
    },

    evaluator: async (_: unknown, { id }: { id: string }, { evaluators }: EvaluationsContext) =>
      (await evaluators.load(id)) ?? null,
    evaluators: async (
      _: unknown,
      args: { taskClass?: string | null; first?: number | null; after?: string | null },
      { request, resources: { database } }: EvaluationsContext,
    ) => {
      const tenant = request.principal.tenant ?? '';
      const { taskClass = null } = args;
      const page = readPage(args);
      const rows = await findEvaluatorPage(database, tenant, taskClass, page);
      const total = await countEvaluators(database, tenant, taskClass);
      return toConnection(rows, page.limit, page.after !== null, total, ({ createdAt, id }) => ({
        sortKey: createdAt.toISOString(),
        id,
      }));
    },

    _snapshot: async (
      _: unknown,
      { after }: { after?: string | null },
      { resources }: EvaluationsContext,
    ): Promise<SnapshotPage> => {
      const found = await findPosteriorsAfter(resources.database, readKey(after), SNAPSHOT_PAGE);
      const last = found.length === SNAPSHOT_PAGE ? found.at(-1)! : undefined;
      return {
        qualities: found.map(toQualityRecord),
        next: last ? JSON.stringify([last.tenant, last.agentId, last.modelId, last.taskClass]) : null,
      };
    },
  },

  Mutation: {
    evaluationRecord: (
      _: unknown,
      { input }: { input: EvaluationInput },
      context: EvaluationsContext,
    ): Promise<EvaluationPayload> => change(context, (tx, { tenant }, nowMs) => recordGiven(tx, tenant, input, nowMs)),
    evaluatorSet: (_: unknown, { input }: { input: EvaluatorInput }, context: EvaluationsContext): Promise<EvaluatorPayload> =>
      change(context, (tx, principal, nowMs) => setEvaluator(tx, principal, input, nowMs)),
  },

  Evaluation: {
    __resolveReference: async ({ id }: { id: string }, { evaluations }: EvaluationsContext) =>
      (await evaluations.load(id)) ?? null,
    task: ({ taskId }: Evaluation) => reference(taskId),
    agent: ({ agentId }: Evaluation) => reference(agentId),
    model: ({ modelId }: Evaluation) => reference(modelId),
  },
  Evaluator: {
    __resolveReference: async ({ id }: { id: string }, { evaluators }: EvaluationsContext) => (await evaluators.load(id)) ?? null,
  },
  LeaderboardEntry: { agent: ({ agentId }: LeaderboardEntry) => reference(agentId) },
  Agent: {
    ...stub,
    quality: ({ id }: { id: string }, args: { taskClass?: string | null }, { ofAgent, resources }: EvaluationsContext) =>
      qualityOf(ofAgent.load(id), args.taskClass, resources.clock),
  },
  Model: {
    ...stub,
    quality: ({ id }: { id: string }, args: { taskClass?: string | null }, { ofModel, resources }: EvaluationsContext) =>
      qualityOf(ofModel.load(id), args.taskClass, resources.clock),
  },
  Task: { ...stub, evaluations: ({ id }: { id: string }, _: unknown, { ofTask }: EvaluationsContext) => ofTask.load(id) },
};

async function change<Payload>(
  { request, resources: { database, clock, wakeRelay } }: EvaluationsContext,
  work: (tx: Queryable, principal: Principal, nowMs: number) => Promise<Payload>,
): Promise<Payload> {
  const payload = await database.transaction((tx) => work(tx, request.principal, clock()));
  wakeRelay();
  return payload;
}

function readKey(after: string | null | undefined): string[] | null {
  if (after === null || after === undefined) return null;
  try {
    const key: unknown = JSON.parse(after);
    if (Array.isArray(key) && key.every((part) => typeof part === 'string')) return key;
  } catch {
    // Answered below.
  }
  throw new MeshError('BAD_CURSOR', 'The cursor was not made by this field. Start without one.');
}
