import type { LoggedEvent } from '../../subgraphs/shared/eventlog/EventLog.js';
import type { MeshEvent, MeshEventType, TaskEventType } from '../../subgraphs/shared/events.js';
import { parseUsd } from '../../subgraphs/shared/money.js';
import type { BudgetRecord } from '../../subgraphs/shared/snapshot.js';

export type Payload = Readonly<Record<string, unknown>>;

/**
 * How an event fills each event type of events.graphql: scalars as of the event, and keys of the entities, whose other fields are read
 * from their subgraphs as of delivery. Null: the type does not show such an event.
 */
export const PAYLOADS: Readonly<Record<string, (logged: LoggedEvent) => Payload | null>> = {
  TaskEvent: ({ event, cursor }) => {
    if (!isTaskEvent(event)) return null;
    const { kind, status, taskClass, taskId, agentId } = event.data;
    return {
      __typename: 'TaskEvent',
      cursor,
      at: event.time,
      kind,
      status,
      taskClass,
      task: reference('Task', taskId),
      agent: reference('Agent', agentId),
    };
  },
  RouteDecisionEvent: ({ event, cursor }) => {
    if (!isOfType(event, 'route.decided')) return null;
    const { taskClass, taskId, routeId } = event.data;
    return {
      __typename: 'RouteDecisionEvent',
      cursor,
      at: event.time,
      taskClass,
      decision: reference('RouteDecision', routeId),
      task: reference('Task', taskId),
    };
  },
  EvaluationEvent: ({ event, cursor }) => {
    if (!isOfType(event, 'evaluation.recorded')) return null;
    const { passed, score, evaluationId } = event.data;
    return {
      __typename: 'EvaluationEvent',
      cursor,
      at: event.time,
      passed,
      score,
      evaluation: reference('Evaluation', evaluationId),
    };
  },
  BudgetEvent: ({ event, cursor }) => {
    if (!isOfType(event, 'budget.moved')) return null;
    const { record } = event.data;
    const percentUsed = percentUsedOf(record);
    return {
      __typename: 'BudgetEvent',
      cursor,
      at: event.time,
      kind: percentUsed >= 100 ? 'EXHAUSTED' : percentUsed >= NEAR_PERCENT ? 'NEAR_LIMIT' : 'WITHIN',
      percentUsed,
      budget: reference('Budget', record.id),
    };
  },
  AgentMetrics: ({ event, cursor }) => {
    if (!isOfType(event, 'metrics.window')) return null;
    const { agentId, windowSeconds, requests, succeeded, p50Ms, p95Ms, p99Ms, costUsd, queueDepth, inFlight } = event.data;
    return {
      __typename: 'AgentMetrics',
      cursor,
      at: event.time,
      windowSeconds,
      agent: reference('Agent', agentId),
      requests,
      successRate: requests === 0 ? null : succeeded / requests,
      p50Ms,
      p95Ms,
      p99Ms,
      costUsd,
      queueDepth,
      inFlight,
    };
  },
};

const NEAR_PERCENT = 80;

/** What is spent or held counts: neither can be spent again. Divided as whole numbers, to a ten-thousandth of a percent. */
function percentUsedOf({ limitUsd, spentUsd, reservedUsd }: BudgetRecord): number {
  const limit = parseUsd(limitUsd);
  if (limit === 0n) return 100;
  return Number(((parseUsd(spentUsd) + parseUsd(reservedUsd)) * 1_000_000n) / limit) / 10_000;
}

function reference(__typename: string, id: string | null): Payload | null {
  return id === null ? null : { __typename, id };
}

function isTaskEvent(event: MeshEvent): event is MeshEvent<TaskEventType> {
  return event.type.startsWith('task.');
}

function isOfType<Type extends MeshEventType>(event: MeshEvent, type: Type): event is MeshEvent<Type> {
  return event.type === type;
}
