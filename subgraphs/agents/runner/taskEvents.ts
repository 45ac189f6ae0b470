import type { Queryable } from '../../shared/database/Database.js';
import type { TaskEventType } from '../../shared/events.js';
import { newEvent, publish } from '../../shared/outbox.js';
import { principalEntity } from '../../shared/principal.js';
import type { Task } from '../Task.js';
import type { Try } from './walkRoute.js';

/** What the subgraph tells of tasks; each call inside the transaction of the change that it tells of. */
export async function tellStatus(tx: Queryable, task: Task, nowMs: number): Promise<void> {
  const { tenant, id: taskId, taskClass, status, agentId, modelId } = task;
  const type = `task.${status.toLowerCase()}` as TaskEventType;
  const data = { tenant, taskId, taskClass, kind: status, status, agentId, modelId };
  await publish(tx, 'agents', newEvent(type, taskId, data, { subgraph: 'agents', nowMs }));
}

/** Longer than any task runs: what is spent after a reservation has gone could push a hard budget over. */
const HELD_MS = 15 * 60_000;

/** Who was chosen, and that the money held for them is wanted. */
export async function tellRoute(tx: Queryable, { id: taskId, tenant, taskClass, hint }: Task, nowMs: number): Promise<void> {
  const chosen = hint.ranked[0];
  const { routeId } = hint;
  const data = { tenant, routeId, taskId, taskClass, agentId: chosen?.agentId ?? null, modelId: chosen?.modelId ?? null };
  await publish(tx, 'agents', newEvent('route.decided', routeId, data, { subgraph: 'agents', nowMs }));
  if (hint.reservationId === null) return;
  const held = { tenant, reservationId: hint.reservationId, taskId, until: new Date(nowMs + HELD_MS).toISOString() };
  await publish(tx, 'agents', newEvent('usage.reserved', taskId, held, { subgraph: 'agents', nowMs }));
}

export async function tellAttempt(tx: Queryable, task: Task, { attempt, candidate, usage }: Try, nowMs: number): Promise<void> {
  const { tenant, id: taskId, taskClass, input, principal, hint } = task;
  const { id: attemptId, agentId, modelId, outcome, latencyMs } = attempt;
  const work = { tenant, taskId, taskClass, agentId, modelId };
  const data = { ...work, kind: 'ATTEMPT', status: 'RUNNING', attemptId, outcome, ...(latencyMs !== null && { latencyMs }) };
  await publish(tx, 'agents', newEvent('task.attempt', taskId, data, { subgraph: 'agents', nowMs }));
  if (!usage) return;
  const used = {
    ...work,
    ...usage,
    attemptId,
    customerId: input.customerId ?? null,
    principal: principalEntity(principal),
    pricing: candidate.pricing,
    reservationId: hint.reservationId,
    at: attempt.startedAt.toISOString(),
  };
  await publish(tx, 'agents', newEvent('usage.recorded', taskId, used, { subgraph: 'agents', nowMs }));
}

/** What the route's reservation still holds is free again. */
export async function tellSettled(tx: Queryable, { id: taskId, tenant, hint }: Task, nowMs: number): Promise<void> {
  if (hint.reservationId === null) return;
  const data = { tenant, reservationId: hint.reservationId, taskId };
  await publish(tx, 'agents', newEvent('usage.settled', taskId, data, { subgraph: 'agents', nowMs }));
}
