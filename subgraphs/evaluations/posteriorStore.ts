import type { Queryable } from '../shared/database/Database.js';
import type { QualityRecord } from '../shared/snapshot.js';
import { PRIOR, type Posterior } from './posterior.js';

export interface PosteriorKey {
  readonly tenant: string;
  readonly agentId: string;
  readonly modelId: string;
  readonly taskClass: string;
}

export interface StoredPosterior extends PosteriorKey, Posterior {
  readonly version: number;
}

/** The belief as it is, locked until the transaction ends; the prior, version 0, where there is none yet. */
export async function lockPosterior(tx: Queryable, key: PosteriorKey, nowMs: number): Promise<StoredPosterior> {
  const values = [key.tenant, key.agentId, key.modelId, key.taskClass];
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`posterior ${JSON.stringify(values)}`]);
  const [found] = await select(tx, 'tenant = $1 and agent_id = $2 and model_id = $3 and task_class = $4', 'tenant', values);
  return found ?? { ...key, ...PRIOR, atMs: nowMs, version: 0 };
}

export async function savePosterior(tx: Queryable, posterior: StoredPosterior): Promise<void> {
  await tx.query(
    `insert into evaluations.posterior (tenant, agent_id, model_id, task_class, alpha, beta, samples, goal_sum, goal_count,
       hallucinated, hallucination_count, version, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (tenant, agent_id, model_id, task_class) do update set alpha = excluded.alpha, beta = excluded.beta,
       samples = excluded.samples, goal_sum = excluded.goal_sum, goal_count = excluded.goal_count, hallucinated = excluded.hallucinated,
       hallucination_count = excluded.hallucination_count, version = excluded.version, at = excluded.at`,
    [
      posterior.tenant,
      posterior.agentId,
      posterior.modelId,
      posterior.taskClass,
      posterior.alpha,
      posterior.beta,
      posterior.samples,
      posterior.goalSum,
      posterior.goalCount,
      posterior.hallucinated,
      posterior.hallucinationCount,
      posterior.version,
      new Date(posterior.atMs),
    ],
  );
}

/** Of these agents, or of these models, at every task class. */
export function findPosteriors(
  database: Queryable,
  tenant: string,
  column: 'agent_id' | 'model_id',
  ids: readonly string[],
): Promise<StoredPosterior[]> {
  return select(database, `tenant = $1 and ${column} = any($2::text[])`, 'tenant', [tenant, ids]);
}

/** Of every tenant, in the order of keys, after `after`. For the gateway's snapshot. */
export function findPosteriorsAfter(
  database: Queryable,
  after: readonly string[] | null,
  limit: number,
): Promise<StoredPosterior[]> {
  const [tenant = '', agentId = '', modelId = '', taskClass = ''] = after ?? [];
  const key = 'tenant, agent_id, model_id, task_class';
  return select(database, `(${key}) > ($1, $2, $3, $4)`, `${key} limit $5`, [tenant, agentId, modelId, taskClass, limit]);
}

/** One tenant's, at one class of tasks or (null) at all, in the order of agents, after `after`. */
export function findPosteriorPage(
  database: Queryable,
  tenant: string,
  taskClass: string | null,
  after: PosteriorKey | null,
  limit: number,
): Promise<StoredPosterior[]> {
  const key = 'agent_id, model_id, task_class';
  return select(
    database,
    `tenant = $1 and ($2::text is null or task_class = $2) and (${key}) > ($3, $4, $5)`,
    `${key} limit $6`,
    [tenant, taskClass, after?.agentId ?? '', after?.modelId ?? '', after?.taskClass ?? '', limit],
  );
}

export function toQualityRecord({
  tenant,
  agentId,
  modelId,
  taskClass,
  alpha,
  beta,
  samples,
  version,
}: StoredPosterior): QualityRecord {
  return { tenant, agentId, modelId, taskClass, alpha, beta, samples, version };
}

interface PosteriorRow {
  tenant: string;
  agent_id: string;
  model_id: string;
  task_class: string;
  alpha: number;
  beta: number;
  samples: number;
  goal_sum: number;
  goal_count: number;
  hallucinated: number;
  hallucination_count: number;
  version: number;
  at: Date;
}

async function select(database: Queryable, where: string, order: string, values: readonly unknown[]): Promise<StoredPosterior[]> {
  const { rows } = await database.query<PosteriorRow>(
    `select tenant, agent_id, model_id, task_class, alpha, beta, samples, goal_sum, goal_count, hallucinated, hallucination_count, version, at
     from evaluations.posterior where ${where} order by ${order}`,
    values,
  );
  return rows.map((row) => ({
    tenant: row.tenant,
    agentId: row.agent_id,
    modelId: row.model_id,
    taskClass: row.task_class,
    alpha: row.alpha,
    beta: row.beta,
    samples: row.samples,
    goalSum: row.goal_sum,
    goalCount: row.goal_count,
    hallucinated: row.hallucinated,
    hallucinationCount: row.hallucination_count,
    version: row.version,
    atMs: row.at.getTime(),
  }));
}
