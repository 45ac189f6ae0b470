import type { PicoUsd } from '../../subgraphs/shared/money.js';
import type { RankedCandidate, RejectedRoute, RouteHint } from '../../subgraphs/shared/routeHint.js';
import type { AgentRecord, ModelRecord, QualityRecord } from '../../subgraphs/shared/snapshot.js';

/** What routing reads of a TaskInput. */
export interface RoutedInput {
  readonly taskClass: string;
  readonly prompt?: string | null;
  readonly payload?: unknown;
  readonly modality?: readonly string[] | null;
  readonly customerId?: string | null;
  readonly customerValue?: string | null;
  readonly complexity?: RouteHint['complexity'] | null;
  readonly latencyClass?: LatencyClass | null;
  readonly maxCostUsd?: string | null;
  readonly minQuality?: number | null;
  readonly region?: string | null;
  readonly purpose?: string | null;
  readonly agentId?: string | null;
  readonly modelId?: string | null;
}

export type LatencyClass = 'REALTIME' | 'INTERACTIVE' | 'RELAXED' | 'BATCH';
export type Objective = 'CHEAPEST' | 'VALUE' | 'BEST';

/** Everything that a decision depends on. */
export interface RoutingRequest {
  readonly input: RoutedInput;
  /** Overrides what the input would lead to. */
  readonly objective?: Objective | undefined;
  /** Of the tenant, in the order of ids. */
  readonly agents: readonly AgentRecord[];
  model(id: string): ModelRecord | undefined;
  quality(agentId: string, modelId: string, taskClass: string): QualityRecord | undefined;
  latency(
    agentId: string,
    modelId: string,
  ): { readonly p50Ms: number; readonly p95Ms: number; readonly samples: number } | undefined;
  /** Why policies forbid it, or undefined when they allow. Asked last, for what passed everything else. */
  forbidden(agent: AgentRecord, model: ModelRecord): string | undefined;
  /** What the whole route may cost at most. Null: no limit from the caller. */
  readonly limit: PicoUsd | null;
}

export interface RouteChoice {
  /** Best first, at most 4. */
  readonly ranked: readonly RankedCandidate[];
  readonly objective: Objective;
  readonly complexity: RouteHint['complexity'];
  readonly reasons: readonly string[];
  /** At most 20. */
  readonly rejected: readonly RejectedRoute[];
}

/** An agent with a model that passed the filters, and what is expected of them. */
export interface Candidate {
  readonly agent: AgentRecord;
  readonly model: ModelRecord;
  readonly estimatedCost: PicoUsd;
  /** The most that it may cost. */
  readonly cap: PicoUsd;
  /** Probability of success, 0 to 1. */
  readonly quality: number;
  /** What it may still turn out to be; see expectedQuality. */
  readonly hopedFor: number;
  /** How many measurements the quality rests on. */
  readonly samples: number;
  /** Median, milliseconds. Null: not measured. */
  readonly latencyMs: number | null;
}

export const LATENCY_LIMIT_MS: Readonly<Record<LatencyClass, number | null>> = {
  REALTIME: 100,
  INTERACTIVE: 2_000,
  RELAXED: 5_000,
  BATCH: null,
};
