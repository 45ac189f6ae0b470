import type { Queryable } from '../shared/database/Database.js';
import { formatUsd, parseUsd } from '../shared/money.js';
import type { RejectedRoute, RouteHint } from '../shared/routeHint.js';

export interface RouteCandidate {
  readonly agentId: string;
  readonly modelId: string;
  readonly estimatedCostUsd: string;
  readonly expectedQuality: number;
  readonly expectedLatencyMs: number | null;
}

export interface RouteDecision {
  readonly id: string;
  /** Null: nobody was eligible. */
  readonly agentId: string | null;
  readonly modelId: string | null;
  readonly objective: string;
  readonly complexity: string;
  readonly estimatedCostUsd: string | null;
  readonly expectedQuality: number | null;
  readonly expectedLatencyMs: number | null;
  readonly reasons: readonly string[];
  readonly fallbacks: readonly RouteCandidate[];
  readonly rejected: readonly RejectedRoute[];
}

/** The decision as clients see it. */
export function toRouteDecision(hint: RouteHint): RouteDecision {
  const [chosen, ...fallbacks] = hint.ranked.map(
    ({ agentId, modelId, estimatedCostUsd, expectedQuality, expectedLatencyMs }): RouteCandidate => ({
      agentId,
      modelId,
      estimatedCostUsd,
      expectedQuality,
      expectedLatencyMs,
    }),
  );
  return {
    id: hint.routeId,
    agentId: chosen?.agentId ?? null,
    modelId: chosen?.modelId ?? null,
    objective: hint.objective,
    complexity: hint.complexity,
    estimatedCostUsd: chosen?.estimatedCostUsd ?? null,
    expectedQuality: chosen?.expectedQuality ?? null,
    expectedLatencyMs: chosen?.expectedLatencyMs ?? null,
    reasons: hint.reasons,
    fallbacks,
    rejected: hint.rejected,
  };
}

export async function insertRouteDecision(
  tx: Queryable,
  { id: taskId, tenant }: { id: string; tenant: string },
  decision: RouteDecision,
  at: Date,
): Promise<void> {
  await tx.query(
    `insert into agents.route_decision (id, tenant, task_id, agent_id, model_id, objective, complexity, estimated_cost_usd,
       expected_quality, expected_latency_ms, reasons, fallbacks, rejected, decided_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8::numeric, $9, $10, $11::text[], $12::text::jsonb, $13::text::jsonb, $14)`,
    [
      decision.id,
      tenant,
      taskId,
      decision.agentId,
      decision.modelId,
      decision.objective,
      decision.complexity,
      decision.estimatedCostUsd,
      decision.expectedQuality,
      decision.expectedLatencyMs,
      decision.reasons,
      JSON.stringify(decision.fallbacks),
      JSON.stringify(decision.rejected),
      at,
    ],
  );
}

/** In the order of `ids`; undefined where there is none. `tenant` null: of every tenant. */
export async function findRouteDecisionsByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
): Promise<(RouteDecision | undefined)[]> {
  interface Row extends Pick<RouteDecision, 'id' | 'objective' | 'complexity' | 'reasons' | 'fallbacks' | 'rejected'> {
    agent_id: string | null;
    model_id: string | null;
    estimated_cost_usd: string | null;
    expected_quality: number | null;
    expected_latency_ms: number | null;
  }
  const { rows } = await database.query<Row>(
    `select id, agent_id, model_id, objective, complexity, estimated_cost_usd, expected_quality, expected_latency_ms, reasons, fallbacks,
       rejected
     from agents.route_decision where id = any($1::text[]) and ($2::text is null or tenant = $2)`,
    [ids, tenant],
  );
  const byId = new Map(
    rows.map(({ agent_id, model_id, estimated_cost_usd, expected_quality, expected_latency_ms, ...rest }) => [
      rest.id,
      {
        ...rest,
        agentId: agent_id,
        modelId: model_id,
        estimatedCostUsd: estimated_cost_usd === null ? null : formatUsd(parseUsd(estimated_cost_usd)),
        expectedQuality: expected_quality,
        expectedLatencyMs: expected_latency_ms,
      },
    ]),
  );
  return ids.map((id) => byId.get(id));
}
