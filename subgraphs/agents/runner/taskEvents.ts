import type { MeshEvent, TaskEventType } from '../../shared/events.js';
import { newEvent } from '../../shared/newEvent.js';
import { principalEntity } from '../../shared/principal.js';
import type { Task } from '../Task.js';
import type { Try } from './walkRoute.js';

/** What the subgraph tells of tasks; each is published in the transaction of the change that it tells of. */
export function statusEvent(task: Task, nowMs: number): MeshEvent {
  const { tenant, id: taskId, taskClass, status, agentId, modelId } = task;
  const type = `task.${status.toLowerCase()}` as TaskEventType;
  const data = { tenant, taskId, taskClass, kind: status, status, agentId, modelId };
  return newEvent(type, taskId, data, { subgraph: 'agents', nowMs });
}

/** Longer than any task runs: what is spent after a reservation has gone could push a hard budget over. */
const HELD_MS = 15 * 60_000;

/** Who was chosen, and that the money held for them is wanted. */
export function routeEvents({ id: taskId, tenant, taskClass, hint }: Task, nowMs: number): MeshEvent[] {
  const chosen = hint.ranked[0];
  const { routeId } = hint;
  const data = { tenant, routeId, taskId, taskClass, agentId: chosen?.agentId ?? null, modelId: chosen?.modelId ?? null };
  const decided = newEvent('route.decided', routeId, data, { subgraph: 'agents', nowMs });
  if (hint.reservationId === null) return [decided];
  const held = { tenant, reservationId: hint.reservationId, taskId, until: new Date(nowMs + HELD_MS).toISOString() };
  return [decided, newEvent('usage.reserved', taskId, held, { subgraph: 'agents', nowMs })];
}

/** Each attempt, and what it used. */
export function attemptEvents(task: Task, tries: readonly Try[], nowMs: number): MeshEvent[] {
  const answered = tries.some(({ answer }) => answer !== null);
  return tries.flatMap((tried) => eventsOfTry(task, tried, answered, nowMs));
}

function eventsOfTry(task: Task, { attempt, candidate, usage, declined }: Try, answered: boolean, nowMs: number): MeshEvent[] {
  const { tenant, id: taskId, taskClass, input, principal, hint } = task;
  const { id: attemptId, agentId, modelId, outcome, latencyMs } = attempt;
  const work = { tenant, taskId, taskClass, agentId, modelId };
  const told = newEvent(
    'task.attempt',
    taskId,
    {
      ...work,
      kind: 'ATTEMPT',
      status: 'RUNNING',
      attemptId,
      outcome,
      ...(latencyMs !== null && { latencyMs }),
      ...(declined && answered && { outdone: true }),
    },
    { subgraph: 'agents', nowMs },
  );
  if (!usage) return [told];
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
  return [told, newEvent('usage.recorded', taskId, used, { subgraph: 'agents', nowMs })];
}

/** What the route's reservation still holds is free again. */
export function settledEvents({ id: taskId, tenant, hint }: Task, nowMs: number): MeshEvent[] {
  if (hint.reservationId === null) return [];
  const data = { tenant, reservationId: hint.reservationId, taskId };
  return [newEvent('usage.settled', taskId, data, { subgraph: 'agents', nowMs })];
}
