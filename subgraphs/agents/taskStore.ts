import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import { formatUsd, parseUsd } from '../shared/money.js';
import { principalEntity, type Principal } from '../shared/principal.js';
import type { RouteHint } from '../shared/routeHint.js';
import type { LatencyRecord } from '../shared/snapshot.js';
import type { Attempt, Task, TaskField, TaskInput, TaskStatus } from './Task.js';

export interface TaskFilter {
  readonly agentId?: string | null;
  readonly taskClass?: string | null;
  readonly status?: TaskStatus | null;
}

/** In the order of `ids`; undefined where there is none. `tenant` null: of every tenant. */
export async function findTasksByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
): Promise<(Task | undefined)[]> {
  const tasks = await select(database, 'id = any($1::text[]) and ($2::text is null or tenant = $2)', 'id', [ids, tenant]);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return ids.map((id) => byId.get(id));
}

export async function findTaskByKey(
  database: Queryable,
  tenant: string,
  principal: Principal,
  idempotencyKey: string,
): Promise<Task | undefined> {
  const where = 'tenant = $1 and principal_entity = $2 and idempotency_key = $3';
  const [task] = await select(database, where, 'id', [tenant, principalEntity(principal), idempotencyKey]);
  return task;
}

const MATCHES = `tenant = $1 and ($2::text is null or agent_id = $2) and ($3::text is null or task_class = $3)
  and ($4::text is null or status = $4)`;

function matchValues(tenant: string, { agentId, taskClass, status }: TaskFilter): unknown[] {
  return [tenant, agentId ?? null, taskClass ?? null, status ?? null];
}

/** Newest first, ties by id; one row more than the page has. */
export function findTaskPage(
  database: Queryable,
  tenant: string,
  filter: TaskFilter,
  { limit, after }: PageRequest,
): Promise<Task[]> {
  const where = `${MATCHES} and ($5::timestamptz is null or created_at < $5::timestamptz or (created_at = $5::timestamptz and id > $6))`;
  const values = [...matchValues(tenant, filter), after?.sortKey ?? null, after?.id ?? null, limit + 1];
  return select(database, where, 'created_at desc, id limit $7', values);
}

export async function countTasks(database: Queryable, tenant: string, filter: TaskFilter): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from agents.task where ${MATCHES}`,
    matchValues(tenant, filter),
  );
  return rows[0]!.count;
}

/** The first page of the tasks of several agents, in one statement: as many lists and counts as ids, in their order. */
export async function findTaskPagesOfAgents(
  database: Queryable,
  tenant: string,
  agentIds: readonly string[],
  { limit, after }: PageRequest,
): Promise<{ rows: Task[]; total: number }[]> {
  const { rows: places } = await database.query<{ agent_id: string; id: string }>(
    `select wanted.agent_id, page.id from unnest($2::text[]) as wanted (agent_id)
     cross join lateral (
       select id from agents.task t where t.tenant = $1 and t.agent_id = wanted.agent_id
         and ($3::timestamptz is null or t.created_at < $3::timestamptz or (t.created_at = $3::timestamptz and t.id > $4))
       order by t.created_at desc, t.id limit $5
     ) page`,
    [tenant, agentIds, after?.sortKey ?? null, after?.id ?? null, limit + 1],
  );
  const { rows: counts } = await database.query<{ agent_id: string; count: number }>(
    `select agent_id, count(*)::int as count from agents.task where tenant = $1 and agent_id = any($2::text[]) group by agent_id`,
    [tenant, agentIds],
  );
  const tasks = await select(database, 'id = any($1::text[])', 'created_at desc, id', [places.map(({ id }) => id)]);
  return agentIds.map((agentId) => ({
    rows: tasks.filter((task) => task.agentId === agentId),
    total: counts.find((row) => row.agent_id === agentId)?.count ?? 0,
  }));
}

/** False: the principal has a task of this idempotency key. */
export async function insertTask(tx: Queryable, task: Task, leasedUntil: Date | null): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into agents.task (id, tenant, task_class, status, field, principal, principal_entity, idempotency_key, input, hint,
       agent_id, model_id, lease_id, leased_until, created_at, traceparent)
     values ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9::text::jsonb, $10::text::jsonb, $11, $12, $13, $14, $15, $16)
     on conflict do nothing`,
    [
      task.id,
      task.tenant,
      task.taskClass,
      task.status,
      task.field,
      JSON.stringify(task.principal),
      principalEntity(task.principal),
      task.input.idempotencyKey ?? null,
      JSON.stringify(task.input),
      JSON.stringify(task.hint),
      task.agentId,
      task.modelId,
      task.leaseId,
      leasedUntil,
      task.createdAt,
      task.traceparent,
    ],
  );
  return rowCount === 1;
}

/** The oldest task that waits, or whose runner is gone, now leased to `leaseId`. `wasQueued`: nobody had begun it; `runs`: how often it has been begun, this time counted. */
export async function claimTask(
  tx: Queryable,
  leaseId: string,
  now: Date,
  leasedUntil: Date,
): Promise<{ task: Task; wasQueued: boolean; runs: number } | undefined> {
  const { rows } = await tx.query<{ id: string; status: TaskStatus }>(
    `select id, status from agents.task
     where status in ('QUEUED', 'RUNNING') and (leased_until is null or leased_until < $1)
     order by created_at, id limit 1 for update skip locked`,
    [now],
  );
  const [found] = rows;
  if (!found) return undefined;
  const updated = await tx.query<{ runs: number }>(
    `update agents.task set status = 'RUNNING', lease_id = $2, leased_until = $3, runs = runs + 1 where id = $1 returning runs`,
    [found.id, leaseId, leasedUntil],
  );
  const [task] = await findTasksByIds(tx, null, [found.id]);
  return { task: task!, wasQueued: found.status === 'QUEUED', runs: updated.rows[0]!.runs };
}

export async function renewLeases(database: Queryable, leaseIds: readonly string[], leasedUntil: Date): Promise<void> {
  await database.query(`update agents.task set leased_until = $2 where lease_id = any($1::text[]) and finished_at is null`, [
    leaseIds,
    leasedUntil,
  ]);
}

export async function replaceHint(tx: Queryable, { id, leaseId }: Task, hint: RouteHint): Promise<boolean> {
  const chosen = hint.ranked[0];
  const { rowCount } = await tx.query(
    `update agents.task set hint = $3::text::jsonb, agent_id = $4, model_id = $5 where id = $1 and lease_id = $2 and finished_at is null`,
    [id, leaseId, JSON.stringify(hint), chosen?.agentId ?? null, chosen?.modelId ?? null],
  );
  return rowCount === 1;
}

/** Until the transaction ends nobody else adds attempts to the task. */
export async function lockTask(tx: Queryable, { id }: Task): Promise<void> {
  await tx.query('select 1 from agents.task where id = $1 for update', [id]);
}

/** False: another runner holds the task by now, and its result counts. */
export async function finishTask(tx: Queryable, task: Task): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update agents.task set status = $3, agent_id = $4, model_id = $5, answer_text = $6, output = $7::text::jsonb, error_code = $8,
       error_message = $9, finished_at = $10, latency_ms = $11, lease_id = null, leased_until = null
     where id = $1 and lease_id = $2 and finished_at is null`,
    [
      task.id,
      task.leaseId,
      task.status,
      task.agentId,
      task.modelId,
      task.text,
      task.output === null ? null : JSON.stringify(task.output),
      task.error?.code ?? null,
      task.error?.message ?? null,
      task.finishedAt,
      task.latencyMs,
    ],
  );
  return rowCount === 1;
}

/**
 * Gives an unfinished task back, so that another runner may take it at once. When money was spent on it, its route is over: walked
 * again it could cost more than was reserved for it. False: another runner holds it already.
 */
export async function giveBackTask(tx: Queryable, { id, leaseId }: Task, spent: boolean): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update agents.task set lease_id = null, leased_until = null,
       hint = case when $3 then jsonb_set(hint, '{expiresAt}', '0') else hint end
     where id = $1 and lease_id = $2 and finished_at is null`,
    [id, leaseId, spent],
  );
  return rowCount === 1;
}

/** After those that the task has from runners before. */
export async function insertAttempts(tx: Queryable, tenant: string, attempts: readonly Attempt[]): Promise<void> {
  if (attempts.length === 0) return;
  await tx.query(
    `insert into agents.attempt (id, tenant, task_id, ordinal, agent_id, model_id, started_at, latency_ms, outcome, cost_usd, message)
     select id, $1, $2, before.count + place - 1, agent_id, model_id, started_at, latency_ms, outcome, cost_usd::numeric, message
     from unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::int[], $8::text[], $9::text[], $10::text[])
       with ordinality as made (id, agent_id, model_id, started_at, latency_ms, outcome, cost_usd, message, place)
     cross join (select count(*) from agents.attempt where task_id = $2) before`,
    [
      tenant,
      attempts[0]!.taskId,
      attempts.map(({ id }) => id),
      attempts.map(({ agentId }) => agentId),
      attempts.map(({ modelId }) => modelId),
      attempts.map(({ startedAt }) => startedAt),
      attempts.map(({ latencyMs }) => latencyMs),
      attempts.map(({ outcome }) => outcome),
      attempts.map(({ costUsd }) => costUsd),
      attempts.map(({ message }) => message),
    ],
  );
}

export async function hasAttempt(tx: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await tx.query('select 1 from agents.attempt where id = $1', [id]);
  return rowCount === 1;
}

/** In the order of `taskIds`, each list in the order of the attempts. */
export async function findAttempts(database: Queryable, taskIds: readonly string[]): Promise<Attempt[][]> {
  interface Row extends Omit<Attempt, 'taskId' | 'agentId' | 'modelId' | 'startedAt' | 'latencyMs' | 'costUsd'> {
    task_id: string;
    agent_id: string;
    model_id: string;
    started_at: Date;
    latency_ms: number | null;
    cost_usd: string | null;
  }
  const { rows } = await database.query<Row>(
    `select id, task_id, agent_id, model_id, started_at, latency_ms, outcome, cost_usd, message
     from agents.attempt where task_id = any($1::text[]) order by task_id, ordinal`,
    [taskIds],
  );
  const attempts = rows.map((row): Attempt => ({
    id: row.id,
    taskId: row.task_id,
    agentId: row.agent_id,
    modelId: row.model_id,
    startedAt: row.started_at,
    latencyMs: row.latency_ms,
    outcome: row.outcome,
    costUsd: row.cost_usd === null ? null : formatUsd(parseUsd(row.cost_usd)),
    message: row.message,
  }));
  return taskIds.map((taskId) => attempts.filter((attempt) => attempt.taskId === taskId));
}

const RECENT_ATTEMPTS = 10_000;

/** Of every tenant: how long the recent attempts took that did work. */
export async function measureLatencies(database: Queryable): Promise<LatencyRecord[]> {
  const { rows } = await database.query<LatencyRecord>(
    `select tenant, agent_id as "agentId", model_id as "modelId", count(*)::int as samples,
       percentile_cont(0.5) within group (order by latency_ms) as "p50Ms",
       percentile_cont(0.95) within group (order by latency_ms) as "p95Ms"
     from (
       select tenant, agent_id, model_id, latency_ms from agents.attempt
       where latency_ms is not null and outcome in ('SUCCEEDED', 'FAILED', 'TIMED_OUT') order by started_at desc limit ${RECENT_ATTEMPTS}
     ) recent
     group by tenant, agent_id, model_id`,
  );
  return rows;
}

interface TaskRow {
  id: string;
  tenant: string;
  task_class: string;
  status: TaskStatus;
  field: TaskField;
  principal: Principal;
  input: TaskInput;
  hint: RouteHint;
  agent_id: string | null;
  model_id: string | null;
  answer_text: string | null;
  output: unknown;
  error_code: string | null;
  error_message: string | null;
  lease_id: string | null;
  traceparent: string | null;
  created_at: Date;
  finished_at: Date | null;
  latency_ms: number | null;
}

async function select(database: Queryable, where: string, order: string, values: readonly unknown[]): Promise<Task[]> {
  const { rows } = await database.query<TaskRow>(
    `select id, tenant, task_class, status, field, principal, input, hint, agent_id, model_id, answer_text, output, error_code,
       error_message, lease_id, traceparent, created_at, finished_at, latency_ms
     from agents.task where ${where} order by ${order}`,
    values,
  );
  return rows.map((row) => ({
    id: row.id,
    tenant: row.tenant,
    taskClass: row.task_class,
    status: row.status,
    field: row.field,
    principal: row.principal,
    input: row.input,
    hint: row.hint,
    agentId: row.agent_id,
    modelId: row.model_id,
    text: row.answer_text,
    output: row.output,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    leaseId: row.lease_id,
    traceparent: row.traceparent,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    latencyMs: row.latency_ms,
  }));
}
