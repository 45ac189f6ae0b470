import type { Queryable } from '../shared/database/Database.js';

/** A task that was answered, and by whom. */
export interface AnsweredTask {
  readonly tenant: string;
  readonly taskId: string;
  readonly taskClass: string;
  readonly agentId: string;
  readonly modelId: string;
}

/** An answer that an evaluator has still to judge. */
export interface Pending extends AnsweredTask {
  readonly evaluatorId: string;
  readonly tries: number;
  readonly judged: number;
  readonly dueAt: Date;
  readonly createdAt: Date;
}

/**
 * Puts every answer before every evaluator of its class that has not judged it yet; a judge is left out where the class is that of some
 * judge's own tasks. The same answers again change nothing.
 */
export async function addPending(tx: Queryable, answered: readonly AnsweredTask[], now: Date): Promise<number> {
  if (answered.length === 0) return 0;
  const { rowCount } = await tx.query(
    `insert into evaluations.pending_evaluation (tenant, task_id, evaluator_id, task_class, agent_id, model_id, due_at, created_at)
     select a.tenant, a."taskId", e.id, a."taskClass", a."agentId", a."modelId", $2, $2
     from jsonb_to_recordset($1::text::jsonb)
       as a (tenant text, "taskId" text, "taskClass" text, "agentId" text, "modelId" text)
     join evaluations.evaluator e on e.tenant = a.tenant and e.task_class = a."taskClass" and e.enabled
     where not exists (
         select 1 from evaluations.evaluation done where done.tenant = a.tenant and done.source_key = 'evaluator:' || e.id || ':' || a."taskId"
       )
       and (e.kind <> 'JUDGE' or not exists (
         select 1 from evaluations.evaluator judge where judge.tenant = a.tenant and judge.judge_task_class = a."taskClass"
       ))
     on conflict do nothing`,
    [JSON.stringify(answered), now],
  );
  return rowCount;
}

/** The source key of what an evaluator says of a task: it says it once. */
export function sourceKeyOf({ evaluatorId, taskId }: Pick<Pending, 'evaluatorId' | 'taskId'>): string {
  return `evaluator:${evaluatorId}:${taskId}`;
}

/** Takes up to `limit` that are due, longest due first, until `leasedUntil`: nobody else gets them before. */
export async function claimPending(database: Queryable, limit: number, now: Date, leasedUntil: Date): Promise<Pending[]> {
  const { rows } = await database.query<Pending>(
    `update evaluations.pending_evaluation p set due_at = $3, tries = tries + 1
     where (tenant, task_id, evaluator_id) in (
       select tenant, task_id, evaluator_id from evaluations.pending_evaluation
       where due_at <= $2 order by due_at limit $1 for update skip locked
     )
     returning tenant, task_id as "taskId", evaluator_id as "evaluatorId", task_class as "taskClass", agent_id as "agentId",
       model_id as "modelId", tries, judged, due_at as "dueAt", created_at as "createdAt"`,
    [limit, now, leasedUntil],
  );
  return rows;
}

/** Lets it be tried again at `dueAt`; nothing happens when the claim has run out and somebody else has it. */
export async function postponePending(database: Queryable, claimed: Pending, judged: number, dueAt: Date): Promise<void> {
  await database.query(
    `update evaluations.pending_evaluation set due_at = $5, judged = $6
     where tenant = $1 and task_id = $2 and evaluator_id = $3 and due_at = $4`,
    [claimed.tenant, claimed.taskId, claimed.evaluatorId, claimed.dueAt, dueAt, judged],
  );
}

export async function removePending(database: Queryable, { tenant, taskId, evaluatorId }: Pending): Promise<void> {
  await database.query('delete from evaluations.pending_evaluation where tenant = $1 and task_id = $2 and evaluator_id = $3', [
    tenant,
    taskId,
    evaluatorId,
  ]);
}

export async function isAnyDue(database: Queryable, now: Date): Promise<boolean> {
  const { rowCount } = await database.query('select 1 from evaluations.pending_evaluation where due_at <= $1 limit 1', [now]);
  return rowCount > 0;
}
