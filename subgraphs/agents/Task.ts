import type { Principal } from '../shared/principal.js';
import type { RouteHint } from '../shared/routeHint.js';

export type TaskStatus = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'REFUSED' | 'CANCELLED';
export type AttemptOutcome = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'REFUSED' | 'SKIPPED';
export type TaskField = 'Query.ask' | 'Mutation.taskRun';

/** The TaskInput as it came, defaults applied: route hints are bound to it. */
export interface TaskInput {
  readonly taskClass: string;
  readonly prompt?: string | null;
  readonly payload?: unknown;
  /** The right answer, for evaluators. Whoever calls agents leaves it out. */
  readonly reference?: string | null;
  readonly customerId?: string | null;
  readonly idempotencyKey?: string | null;
  readonly [other: string]: unknown;
}

export interface Task {
  readonly id: string;
  readonly tenant: string;
  readonly taskClass: string;
  readonly status: TaskStatus;
  readonly field: TaskField;
  readonly principal: Principal;
  readonly input: TaskInput;
  /** The verified route that the runner walks. */
  readonly hint: RouteHint;
  readonly agentId: string | null;
  readonly modelId: string | null;
  readonly text: string | null;
  readonly output: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The runner that works on it holds this. */
  readonly leaseId: string | null;
  /** W3C trace context of the operation that asked for it. */
  readonly traceparent: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly latencyMs: number | null;
}

export interface Attempt {
  readonly id: string;
  readonly taskId: string;
  readonly agentId: string;
  readonly modelId: string;
  readonly startedAt: Date;
  /** Null: skipped. */
  readonly latencyMs: number | null;
  readonly outcome: AttemptOutcome;
  /** USD. Null: nothing was used. */
  readonly costUsd: string | null;
  /** Why it did not succeed. */
  readonly message: string | null;
}
