import type { Pricing } from './pricing.js';

/**
 * What the gateway holds in memory to decide and route: read page by page from each subgraph's hidden `Query._snapshot(after)`
 * when it starts, then kept current by events that carry the same records. `version` grows with every change of a record, so that
 * an older one never replaces a newer one.
 */
export interface AgentRecord {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly role: string;
  readonly tier: 'GENERALIST' | 'SPECIALIST' | 'EXPERT';
  readonly status: 'ACTIVE' | 'DRAINING' | 'SUSPENDED' | 'RETIRED';
  readonly transport: 'BUILTIN' | 'A2A' | 'DAPR' | 'HTTP' | 'LLM';
  readonly skills: readonly { readonly id: string; readonly tags: readonly string[]; readonly taskClasses: readonly string[] }[];
  readonly authority: { readonly decisionKinds: readonly string[]; readonly maxAmountUsd: string | null };
  /** Empty: every region. */
  readonly regions: readonly string[];
  readonly modelIds: readonly string[];
  /** How long the instructions are that its models read with every task; absent: it has none. They are paid for. */
  readonly instructionBytes?: number;
  readonly version: number;
}

/** How a model is reached. Holds no secret: `apiKeyEnv` names the variable in which the agents subgraph finds the key. */
export interface ModelConnection {
  /** What the provider calls it. */
  readonly name: string;
  /** An OpenAI-compatible base URL. Null: nobody calls it over the network. */
  readonly endpoint: string | null;
  /** Begins with MESH_MODEL_KEY_. Null: it is called without a key. */
  readonly apiKeyEnv: string | null;
}

export interface ModelRecord {
  readonly id: string;
  readonly tenant: string;
  readonly provider: string;
  readonly connection: ModelConnection;
  readonly modalities: readonly string[];
  /** Empty: every task class. */
  readonly taskClasses: readonly string[];
  readonly contextWindow: number | null;
  readonly pricing: Pricing;
  readonly approval: 'PENDING' | 'APPROVED' | 'REVOKED';
  /** Empty: every region. */
  readonly regions: readonly string[];
  readonly version: number;
}

/** A Beta posterior of success. A record per (agent, model, task class). */
export interface QualityRecord {
  readonly tenant: string;
  readonly agentId: string;
  readonly modelId: string;
  readonly taskClass: string;
  readonly alpha: number;
  readonly beta: number;
  readonly samples: number;
  readonly version: number;
}

/** Measured durations of the recent attempts of one agent with one model, in milliseconds. */
export interface LatencyRecord {
  readonly tenant: string;
  readonly agentId: string;
  readonly modelId: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly samples: number;
}

export interface BudgetRecord {
  readonly id: string;
  readonly tenant: string;
  /** `tenant:acme`, `agent:a1`, `customer:c1`, `user:u1`, `task-class:support.faq`. */
  readonly scope: string;
  readonly limitUsd: string;
  readonly period: 'HOUR' | 'DAY' | 'MONTH' | 'TOTAL';
  readonly hard: boolean;
  readonly spentUsd: string;
  readonly reservedUsd: string;
  /** RFC 3339; null for TOTAL. */
  readonly resetsAt: string | null;
  readonly version: number;
}

export interface PolicyRecord {
  readonly id: string;
  /** `*`: holds for every tenant. */
  readonly tenant: string;
  readonly cedar: string;
  readonly enabled: boolean;
  readonly version: number;
}

/** One page of `_snapshot`. `next` is null on the last page. A page holds at most 1,000 records. */
export interface SnapshotPage {
  readonly agents?: readonly AgentRecord[];
  readonly latencies?: readonly LatencyRecord[];
  readonly models?: readonly ModelRecord[];
  readonly qualities?: readonly QualityRecord[];
  readonly budgets?: readonly BudgetRecord[];
  readonly policies?: readonly PolicyRecord[];
  readonly next: string | null;
}
