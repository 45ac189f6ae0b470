import DataLoader from 'dataloader';
import { createHash, randomUUID } from 'node:crypto';
import { canonicalJson } from '../shared/canonicalJson.js';
import { readPage, toConnection } from '../shared/connection.js';
import { MeshError } from '../shared/errors.js';
import type { RequestContext } from '../shared/requestContext.js';
import type { SnapshotPage } from '../shared/snapshot.js';
import type { SubgraphResources } from '../shared/Subgraph.js';
import { badInput, type UserError } from '../shared/userErrors.js';
import * as store from './evaluationStore.js';
import type { Evaluation, EvaluationFilter } from './evaluationStore.js';
import { toQuality } from './posterior.js';
import { findPosteriors, findPosteriorsAfter, toQualityRecord, type StoredPosterior } from './posteriorStore.js';
import { recordEvaluation } from './recordEvaluation.js';

export interface EvaluationsContext {
  readonly request: RequestContext;
  readonly resources: SubgraphResources;
  readonly evaluations: DataLoader<string, Evaluation | undefined>;
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
    ofTask: new DataLoader((ids) => store.findEvaluationsOfTasks(database, tenant, ids)),
    ofAgent: posteriors('agent_id', ({ agentId }) => agentId),
    ofModel: posteriors('model_id', ({ modelId }) => modelId),
  };
}

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

interface EvaluationPayload {
  readonly evaluation: Evaluation | null;
  readonly userErrors: readonly UserError[];
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
    evaluationRecord: async (
      _: unknown,
      { input }: { input: EvaluationInput },
      { request, resources }: EvaluationsContext,
    ): Promise<EvaluationPayload> => {
      const { tenant } = request.principal;
      const errors = problemsOf(tenant, input);
      if (errors.length > 0) return { evaluation: null, userErrors: errors };
      const { database, clock, wakeRelay } = resources;
      const evaluation = toEvaluation(tenant!, input, new Date(clock()));
      const recorded = await database.transaction(async (tx) =>
        (await recordEvaluation(tx, evaluation, clock())) ? evaluation : store.findBySourceKey(tx, tenant!, evaluation.sourceKey),
      );
      wakeRelay();
      if (recorded?.inputHash === evaluation.inputHash) return { evaluation: recorded, userErrors: [] };
      const message = 'The idempotency key was used with another input. Use a new key.';
      return { evaluation: null, userErrors: [{ code: 'IDEMPOTENCY_CONFLICT', message, path: ['input', 'idempotencyKey'] }] };
    },
  },

  Evaluation: {
    __resolveReference: async ({ id }: { id: string }, { evaluations }: EvaluationsContext) =>
      (await evaluations.load(id)) ?? null,
    task: ({ taskId }: Evaluation) => reference(taskId),
    agent: ({ agentId }: Evaluation) => reference(agentId),
    model: ({ modelId }: Evaluation) => reference(modelId),
  },
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

function toEvaluation(tenant: string, { idempotencyKey, ...input }: EvaluationInput, at: Date): Evaluation {
  const id = randomUUID();
  return {
    id,
    tenant,
    taskId: input.taskId ?? null,
    agentId: input.agentId ?? null,
    modelId: input.modelId ?? null,
    taskClass: input.taskClass!,
    metric: input.metric,
    score: input.score,
    passed: input.passed,
    evaluator: input.evaluator,
    explanation: input.explanation ?? null,
    at,
    sourceKey: idempotencyKey ? `key:${idempotencyKey}` : `id:${id}`,
    inputHash: createHash('sha256').update(canonicalJson(input)).digest('base64url'),
  };
}

const MAX_TEXT = 10_000;

function problemsOf(tenant: string | null, input: EvaluationInput): UserError[] {
  const errors: UserError[] = [];
  if (tenant === null) errors.push(badInput(['input'], 'You belong to no tenant; record the evaluation as one who does.'));
  // The task's own class is known to another subgraph.
  if (input.taskClass === undefined || input.taskClass === null)
    errors.push(badInput(['input', 'taskClass'], 'The task class is missing. Give that of the task, such as "docs.question".'));
  for (const name of ['taskClass', 'metric', 'evaluator'] as const) {
    const text = input[name] ?? '-';
    if (text.trim() === '' || text.length > 200) errors.push(badInput(['input', name], 'It has 1 to 200 characters.'));
  }
  if (!(input.score >= 0 && input.score <= 1))
    errors.push(badInput(['input', 'score'], `A score is from 0 to 1, not ${input.score}.`));
  if ((input.explanation?.length ?? 0) > MAX_TEXT) {
    errors.push(badInput(['input', 'explanation'], `An explanation has at most ${MAX_TEXT} characters.`));
  }
  return errors;
}
