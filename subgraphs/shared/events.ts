import type { DurationSketch } from './durationSketch.js';
import type { Topic } from './names.js';
import type { AgentRecord, BudgetRecord, ModelRecord, PolicyRecord, QualityRecord } from './snapshot.js';
import type { Pricing } from './pricing.js';

/**
 * A CloudEvents 1.0 event in its JSON form. `subject` is the id of the entity and the key that events are ordered by.
 * `data` holds keys and non-personal scalars only.
 */
export interface MeshEvent<Type extends MeshEventType = MeshEventType> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: Type;
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly traceparent?: string;
  readonly data: MeshEventData[Type];
}

export type TaskEventType =
  'task.queued' | 'task.running' | 'task.attempt' | 'task.succeeded' | 'task.failed' | 'task.refused' | 'task.cancelled';

export type MeshEventType = keyof MeshEventData;

/** What each event type carries. Every data has the tenant that it belongs to. */
export interface MeshEventData extends Record<TaskEventType, TaskEventData> {
  'agent.changed': { tenant: string; record: AgentRecord };
  'model.changed': { tenant: string; record: ModelRecord };
  'policy.changed': { tenant: string; record: PolicyRecord };
  'budget.changed': { tenant: string; record: BudgetRecord };
  'route.decided': {
    tenant: string;
    routeId: string;
    taskId: string;
    taskClass: string;
    agentId: string | null;
    modelId: string | null;
  };
  'usage.recorded': UsageEventData;
  /** A task was stored that the reservation is for: it is held until then (RFC 3339), unless the task is over before. */
  'usage.reserved': { tenant: string; reservationId: string; taskId: string; until: string };
  /** The task is over: what is left of the reservation is free again. */
  'usage.settled': { tenant: string; reservationId: string; taskId: string };
  'evaluation.recorded': {
    tenant: string;
    evaluationId: string;
    taskId: string | null;
    agentId: string | null;
    modelId: string | null;
    taskClass: string;
    passed: boolean;
    score: number;
    /** The posteriors as they are after this evaluation; the gateway's snapshot takes them as they come. */
    quality: QualityRecord[];
  };
  'decision.recorded': {
    tenant: string;
    decisionId: string;
    outcome: 'ALLOW' | 'DENY' | 'MASK';
    action: string;
    principal: string;
    resource: string | null;
  };
  /** Spent or reserved money of a budget moved. */
  'budget.moved': { tenant: string; record: BudgetRecord };
  'metrics.window': MetricsEventData;
}

export interface TaskEventData {
  tenant: string;
  taskId: string;
  taskClass: string;
  /** QUEUED RUNNING ATTEMPT SUCCEEDED FAILED REFUSED CANCELLED */
  kind: string;
  /** The task's status after this event. */
  status: string;
  agentId: string | null;
  modelId: string | null;
  /** Of the attempt (kind ATTEMPT): its id, outcome (AttemptOutcome) and duration. */
  attemptId?: string;
  outcome?: string;
  latencyMs?: number;
  /** It said that it cannot, and another candidate of the route could. */
  outdone?: boolean;
}

export interface UsageEventData {
  tenant: string;
  attemptId: string;
  taskId: string;
  taskClass: string;
  agentId: string;
  modelId: string;
  customerId: string | null;
  /** As Cedar names it: `User::"ada"`. */
  principal: string;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  pricing: Pricing;
  reservationId: string | null;
  /** RFC 3339; the ledger's date. */
  at: string;
}

/** What one agent did in one window of time. Windows can be added up: counts by sum, durations by merging their sketches. */
export interface MetricsEventData {
  tenant: string;
  agentId: string;
  /** Seconds since the window before. */
  windowSeconds: number;
  /** Attempts that were put on record in the window, skipped ones left out. */
  requests: number;
  succeeded: number;
  costUsd: string;
  /** Of the durations in milliseconds; its count is `requests`. */
  sketch: DurationSketch;
  /** Milliseconds; null when nothing ended in the window. */
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  /** Tasks that wait for this agent, and tasks that it works on, at the end of the window. */
  queueDepth: number;
  inFlight: number;
}

/** Which topic each event type goes to. */
export const TOPIC_OF: { readonly [Type in MeshEventType]: Topic } = {
  'agent.changed': 'mesh.catalog',
  'model.changed': 'mesh.catalog',
  'policy.changed': 'mesh.catalog',
  'budget.changed': 'mesh.catalog',
  'task.queued': 'mesh.tasks',
  'task.running': 'mesh.tasks',
  'task.attempt': 'mesh.tasks',
  'task.succeeded': 'mesh.tasks',
  'task.failed': 'mesh.tasks',
  'task.refused': 'mesh.tasks',
  'task.cancelled': 'mesh.tasks',
  'route.decided': 'mesh.routing',
  'usage.recorded': 'mesh.usage',
  'usage.reserved': 'mesh.usage',
  'usage.settled': 'mesh.usage',
  'evaluation.recorded': 'mesh.evaluations',
  'decision.recorded': 'mesh.governance',
  'budget.moved': 'mesh.budgets',
  'metrics.window': 'mesh.metrics',
};
