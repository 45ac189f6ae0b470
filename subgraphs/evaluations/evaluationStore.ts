import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import type { Finding } from './posterior.js';
import type { PosteriorKey } from './posteriorStore.js';

export interface Evaluation {
  readonly id: string;
  readonly tenant: string;
  readonly taskId: string | null;
  readonly agentId: string | null;
  readonly modelId: string | null;
  readonly taskClass: string;
  readonly metric: string;
  /** 0 to 1. */
  readonly score: number;
  readonly passed: boolean;
  readonly evaluator: string;
  readonly explanation: string | null;
  readonly at: Date;
  readonly sourceKey: string;
  readonly inputHash: string;
}

export interface EvaluationFilter {
  readonly agentId?: string | null;
  readonly modelId?: string | null;
  readonly taskClass?: string | null;
}

/** False: the tenant has one with this source key already, and nothing was added. */
export async function addEvaluation(tx: Queryable, evaluation: Evaluation): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into evaluations.evaluation (id, tenant, task_id, agent_id, model_id, task_class, metric, score, passed, evaluator, explanation,
       at, source_key, input_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (tenant, source_key) do nothing returning id`,
    [
      evaluation.id,
      evaluation.tenant,
      evaluation.taskId,
      evaluation.agentId,
      evaluation.modelId,
      evaluation.taskClass,
      evaluation.metric,
      evaluation.score,
      evaluation.passed,
      evaluation.evaluator,
      evaluation.explanation,
      evaluation.at,
      evaluation.sourceKey,
      evaluation.inputHash,
    ],
  );
  return rowCount > 0;
}

export async function findBySourceKey(tx: Queryable, tenant: string, sourceKey: string): Promise<Evaluation | undefined> {
  const [found] = await select(tx, 'tenant = $1 and source_key = $2', 'id', [tenant, sourceKey]);
  return found;
}

/** In the order of `ids`; undefined where there is none. */
export async function findEvaluationsByIds(
  database: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<(Evaluation | undefined)[]> {
  const found = await select(database, 'tenant = $1 and id = any($2::text[])', 'id', [tenant, ids]);
  const byId = new Map(found.map((evaluation) => [evaluation.id, evaluation]));
  return ids.map((id) => byId.get(id));
}

const PER_TASK = 100;

/** For each task its evaluations, newest first, at most 100. */
export async function findEvaluationsOfTasks(
  database: Queryable,
  tenant: string,
  taskIds: readonly string[],
): Promise<Evaluation[][]> {
  const found = await select(database, 'tenant = $1 and task_id = any($2::text[])', 'at desc, id', [tenant, taskIds]);
  return taskIds.map((taskId) => found.filter((evaluation) => evaluation.taskId === taskId).slice(0, PER_TASK));
}

/** What was found about one task, of one agent with one model, in evaluations other than `exceptId`. */
export async function findFindingsOfTask(
  tx: Queryable,
  { tenant, agentId, modelId, taskClass }: PosteriorKey,
  taskId: string,
  exceptId: string,
): Promise<Finding[]> {
  const { rows } = await tx.query<{ metric: string; score: number; passed: boolean; at: Date }>(
    `select metric, score, passed, at from evaluations.evaluation
     where tenant = $1 and task_id = $2 and agent_id = $3 and model_id = $4 and task_class = $5 and id <> $6`,
    [tenant, taskId, agentId, modelId, taskClass, exceptId],
  );
  return rows.map(({ at, ...finding }) => ({ ...finding, atMs: at.getTime() }));
}

/** Who answered a task, as the attempt that did told it. Undefined: that is not known, or not yet. */
export async function findAnswerOfTask(
  tx: Queryable,
  tenant: string,
  taskId: string,
): Promise<Pick<Evaluation, 'agentId' | 'modelId' | 'taskClass'> | undefined> {
  const [found] = await select(tx, `tenant = $1 and task_id = $2 and metric = 'completion' and passed`, 'at desc, id limit 1', [
    tenant,
    taskId,
  ]);
  return found;
}

const MATCHES = `tenant = $1 and ($2::text is null or agent_id = $2) and ($3::text is null or model_id = $3) and ($4::text is null or task_class = $4)`;

function matchValues(tenant: string, { agentId, modelId, taskClass }: EvaluationFilter): unknown[] {
  return [tenant, agentId ?? null, modelId ?? null, taskClass ?? null];
}

/** Newest first, ties by id; one row more than the page has. */
export function findEvaluationPage(
  database: Queryable,
  tenant: string,
  filter: EvaluationFilter,
  { limit, after }: PageRequest,
): Promise<Evaluation[]> {
  return select(
    database,
    `${MATCHES} and ($5::timestamptz is null or at < $5::timestamptz or (at = $5::timestamptz and id > $6))`,
    'at desc, id limit $7',
    [...matchValues(tenant, filter), after?.sortKey ?? null, after?.id ?? null, limit + 1],
  );
}

export async function countEvaluations(database: Queryable, tenant: string, filter: EvaluationFilter): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from evaluations.evaluation where ${MATCHES}`,
    matchValues(tenant, filter),
  );
  return rows[0]!.count;
}

async function select(database: Queryable, where: string, order: string, values: readonly unknown[]): Promise<Evaluation[]> {
  const { rows } = await database.query<Evaluation>(
    `select id, tenant, task_id as "taskId", agent_id as "agentId", model_id as "modelId", task_class as "taskClass", metric, score, passed,
       evaluator, explanation, at, source_key as "sourceKey", input_hash as "inputHash"
     from evaluations.evaluation where ${where} order by ${order}`,
    values,
  );
  return rows;
}
