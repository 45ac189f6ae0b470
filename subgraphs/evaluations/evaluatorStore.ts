import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import type { Evaluator } from './evaluators/Evaluator.js';

/** In the order of `ids`; undefined where there is none. `tenant` null: of every tenant. */
export async function findEvaluatorsByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
): Promise<(Evaluator | undefined)[]> {
  const found = await select(database, '($1::text is null or tenant = $1) and id = any($2::text[])', 'id', [tenant, ids]);
  const byId = new Map(found.map((evaluator) => [evaluator.id, evaluator]));
  return ids.map((id) => byId.get(id));
}

/** Newest first, ties by id; one row more than the page has. */
export function findEvaluatorPage(
  database: Queryable,
  tenant: string,
  taskClass: string | null,
  { limit, after }: PageRequest,
): Promise<Evaluator[]> {
  return select(
    database,
    `tenant = $1 and ($2::text is null or task_class = $2)
     and ($3::timestamptz is null or created_at < $3::timestamptz or (created_at = $3::timestamptz and id > $4))`,
    'created_at desc, id limit $5',
    [tenant, taskClass, after?.sortKey ?? null, after?.id ?? null, limit + 1],
  );
}

export async function countEvaluators(database: Queryable, tenant: string, taskClass: string | null): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from evaluations.evaluator where tenant = $1 and ($2::text is null or task_class = $2)`,
    [tenant, taskClass],
  );
  return rows[0]!.count;
}

/**
 * The ids of the tenant's judges with which this one would make a judge judge a judge: those whose judgements are of this one's class,
 * and those that judge the class of this one's judgements.
 */
export async function findJudgesInTheWay(
  tx: Queryable,
  { tenant, id, taskClass, judgeTaskClass }: Pick<Evaluator, 'tenant' | 'id' | 'taskClass' | 'judgeTaskClass'>,
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select id from evaluations.evaluator
     where tenant = $1 and id <> $2 and kind = 'JUDGE' and enabled and (judge_task_class = $3 or task_class = $4)
     order by id limit 5`,
    [tenant, id, taskClass, judgeTaskClass],
  );
  return rows.map((row) => row.id);
}

export async function saveEvaluator(tx: Queryable, evaluator: Evaluator): Promise<void> {
  await tx.query(
    `insert into evaluations.evaluator (id, tenant, task_class, kind, enabled, pattern, schema, tolerance, rubric, judge_task_class,
       pass_score, max_cost_usd, version, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict (id) do update set task_class = excluded.task_class, kind = excluded.kind, enabled = excluded.enabled,
       pattern = excluded.pattern, schema = excluded.schema, tolerance = excluded.tolerance, rubric = excluded.rubric,
       judge_task_class = excluded.judge_task_class, pass_score = excluded.pass_score, max_cost_usd = excluded.max_cost_usd,
       version = excluded.version, updated_at = excluded.updated_at`,
    [
      evaluator.id,
      evaluator.tenant,
      evaluator.taskClass,
      evaluator.kind,
      evaluator.enabled,
      evaluator.pattern,
      evaluator.schema === null ? null : JSON.stringify(evaluator.schema),
      evaluator.tolerance,
      evaluator.rubric,
      evaluator.judgeTaskClass,
      evaluator.passScore,
      evaluator.maxCostUsd,
      evaluator.version,
      evaluator.createdAt,
      evaluator.updatedAt,
    ],
  );
}

async function select(database: Queryable, where: string, order: string, values: readonly unknown[]): Promise<Evaluator[]> {
  const { rows } = await database.query<Evaluator>(
    `select id, tenant, task_class as "taskClass", kind, enabled, pattern, schema, tolerance, rubric, judge_task_class as "judgeTaskClass",
       pass_score as "passScore", max_cost_usd as "maxCostUsd", version, created_at as "createdAt", updated_at as "updatedAt"
     from evaluations.evaluator where ${where} order by ${order}`,
    values,
  );
  return rows;
}
