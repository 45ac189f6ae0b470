import { randomUUID } from 'node:crypto';
import type { Agent } from '../../subgraphs/agents/agentStore.js';
import type { Task, TaskInput } from '../../subgraphs/agents/Task.js';
import type { AgentCall } from '../../subgraphs/agents/transports/AgentTransport.js';
import type { RankedCandidate, RouteHint } from '../../subgraphs/shared/routeHint.js';
import { ADMIN } from './openSubgraph.js';

export interface CallParts {
  readonly agent?: Partial<Agent>;
  readonly candidate?: Partial<RankedCandidate>;
  readonly input?: Partial<TaskInput>;
  readonly hint?: Partial<RouteHint>;
  readonly signal?: AbortSignal;
  readonly traceparent?: string;
  readonly deadlineAt?: number;
}

/** An attempt at a small task, of which a test says only what matters to it. */
export function agentCall(parts: CallParts = {}): AgentCall {
  const candidate = rankedCandidate(parts.candidate);
  return {
    attemptId: `attempt-${randomUUID()}`,
    task: task({ input: parts.input ?? {}, hint: { ranked: [candidate], ...parts.hint } }),
    agent: agent(parts.agent),
    candidate,
    traceparent: parts.traceparent,
    deadlineAt: parts.deadlineAt,
    signal: parts.signal ?? new AbortController().signal,
  };
}

/** 1 USD for a million tokens in, a quarter of it for those from the cache, 2 USD for a million out. */
export function rankedCandidate(more: Partial<RankedCandidate> = {}): RankedCandidate {
  return {
    agentId: 'a1',
    modelId: 'm1',
    connection: { name: 'model-one', endpoint: null, apiKeyEnv: null },
    pricing: {
      inputPerMTokUsd: '1',
      outputPerMTokUsd: '2',
      cachedInputPerMTokUsd: '0.25',
      perRequestUsd: null,
      version: 1,
    },
    capUsd: '1',
    estimatedCostUsd: '0.001',
    expectedQuality: 0.9,
    expectedLatencyMs: null,
    ...more,
  };
}

export function agent(more: Partial<Agent> = {}): Agent {
  return {
    id: 'a1',
    tenant: 'demo',
    name: 'Agent',
    description: null,
    role: 'WORKER',
    tier: 'GENERALIST',
    status: 'ACTIVE',
    transport: 'BUILTIN',
    endpoint: null,
    instructions: null,
    skills: [],
    authority: { decisionKinds: [], maxAmountUsd: null },
    regions: [],
    modelIds: ['m1'],
    supervisorId: null,
    version: 1,
    createdAt: new Date(0),
    ...more,
  };
}

export function task({ input, hint }: { input: Partial<TaskInput>; hint: Partial<RouteHint> }): Task {
  return {
    id: `task-${randomUUID()}`,
    tenant: 'demo',
    taskClass: input.taskClass ?? 'math.arithmetic',
    status: 'RUNNING',
    field: 'Query.ask',
    principal: ADMIN,
    input: { taskClass: 'math.arithmetic', prompt: 'What is 2 + 2?', latencyClass: 'INTERACTIVE', ...input },
    hint: {
      routeId: 'route-1',
      ranked: [],
      objective: 'CHEAPEST',
      complexity: 'SIMPLE',
      reasons: [],
      rejected: [],
      reservationId: null,
      deadlineAt: null,
      expiresAt: Number.MAX_SAFE_INTEGER,
      ...hint,
    },
    agentId: 'a1',
    modelId: 'm1',
    text: null,
    output: null,
    error: null,
    leaseId: 'lease-1',
    traceparent: null,
    createdAt: new Date(),
    finishedAt: null,
    latencyMs: null,
  };
}
