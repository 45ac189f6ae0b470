import { randomUUID } from 'node:crypto';
import { formatCedarEntity } from '../../subgraphs/shared/cedar/cedarEntities.js';
import { checkTaskInput } from '../../subgraphs/shared/checkTaskInput.js';
import { formatUsd, parseUsd, type PicoUsd } from '../../subgraphs/shared/money.js';
import { GATEWAY_PRINCIPAL, principalEntity, type Principal } from '../../subgraphs/shared/principal.js';
import { signRouteHint, type RankedCandidate, type RouteHint } from '../../subgraphs/shared/routeHint.js';
import { withSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import type { Reroute } from '../../subgraphs/shared/Subgraph.js';
import { LIMITS } from '../config/limits.js';
import type { SubgraphClient, SubgraphOperation } from '../fetch/SubgraphClient.js';
import type { PolicyEngine } from '../governance/createPolicyEngine.js';
import type { RecordedDecision, Recorder } from '../governance/createRecorder.js';
import { MeshError } from '../errors.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import { chooseRoute } from '../routing/chooseRoute.js';
import { smaller } from '../routing/estimate.js';
import { LATENCY_LIMIT_MS, type Objective, type RouteChoice, type RoutedInput } from '../routing/RoutingRequest.js';
import type { Snapshot } from '../snapshot/createSnapshot.js';
import type { Metrics } from '../telemetry/createMetrics.js';
import type { Control } from './Serving.js';

interface Parts {
  readonly supergraph: Supergraph;
  readonly snapshot: Snapshot;
  readonly engine: PolicyEngine;
  readonly recorder: Recorder;
  readonly metrics: Metrics;
  /** Where budgets are. */
  readonly costs: SubgraphClient;
  readonly internalKey: Uint8Array;
  readonly clock: () => number;
}

interface Wanted {
  readonly principal: Principal;
  /** `Query.ask` */
  readonly coordinate: string;
  readonly input: RoutedInput;
  readonly objective: string | undefined;
  readonly taskClass: string | undefined;
  /** What it may cost at most. Null: the caller set no limit. */
  readonly limit: PicoUsd | null;
  /** Epoch milliseconds. Null: work that outlives the call. */
  readonly deadlineAt: number | null;
}

const HINT_MS = 60_000;
/** Until the agents subgraph has stored the task and prolongs it: a route that nobody took leaves nothing held for long. */
const RESERVATION_MS = HINT_MS + 30_000;
const RESERVE_TIMEOUT_MS = 5_000;
const PREVIEW = 'Query.routePreview';
const DURABLE = 'Mutation.taskRun';

/** Routed fields → decisions with money reserved for them → signed hints. A field that nobody may compute gets an empty route. */
export function createRouter(parts: Parts): Pick<Control, 'route' | 'reroute'> {
  const { supergraph, snapshot, metrics, clock } = parts;

  const decide = async (wanted: Wanted): Promise<string> => {
    const { hint, decisions } = await withSpan(`decide ${wanted.coordinate}`, {}, async (span) => {
      const decided = await decideRoute(parts, wanted);
      span.set(toAttributes(decided.hint));
      return decided;
    });
    if (wanted.coordinate !== PREVIEW) parts.recorder.record(decisions);
    metrics.routedField(wanted.coordinate, hint.ranked.length > 0 ? 'routed' : 'refused');
    const { principal, coordinate: field, input } = wanted;
    return signRouteHint(hint, { principal, field, input }, parts.internalKey, clock());
  };

  return {
    route: async (routed, variables, call) => {
      const included = routed.filter((each) => each.isIncluded(variables));
      // Until one knapsack shares it out, each field may use an equal part of what the caller allows for all.
      const limit = call.budget === null ? null : call.budget / BigInt(Math.max(1, included.length));
      const hints: Record<string, string | MeshError> = {};
      const results = await Promise.allSettled(
        included.map(async ({ hintVariable, coordinate, taskClass, objective, input: read }) => {
          const input = read(variables) as RoutedInput;
          const { principal, deadlineAt } = call.request;
          const deadline = coordinate === DURABLE ? null : deadlineOf(input, clock(), deadlineAt);
          const wanted = { principal, coordinate, input, objective, taskClass, limit, deadlineAt: deadline };
          hints[hintVariable] = await decide(wanted).catch((error: unknown) => {
            if (error instanceof MeshError) return error;
            throw error;
          });
        }),
      );
      const bug = results.find((result) => result.status === 'rejected');
      if (bug) throw bug.reason;
      return hints;
    },
    reroute: (async ({ principal, field, input }) => {
      // An empty snapshot would find nobody, and the task would be over for good.
      if (snapshot.ageMs() > LIMITS.snapshotMs)
        throw new MeshError('SNAPSHOT_STALE', 'The gateway has no current picture of the mesh to route by. Try again later.');
      const [typeName = '', fieldName = ''] = field.split('.');
      const directive = supergraph.directivesOn(typeName, fieldName).find(({ name }) => name === 'costRouted');
      if (field !== DURABLE || !directive)
        throw new MeshError('BAD_USER_INPUT', `${field} is not a field that can be routed again.`);
      return decide({
        principal,
        coordinate: field,
        input: input as RoutedInput,
        objective: (directive.args['objective'] as string | undefined) ?? undefined,
        taskClass: (directive.args['taskClass'] as string | undefined) ?? undefined,
        limit: null,
        deadlineAt: null,
      });
    }) satisfies Reroute,
  };
}

function toAttributes({ routeId, ranked, rejected, objective }: RouteHint) {
  const [chosen] = ranked;
  return {
    'mesh.route.id': routeId,
    'mesh.route.objective': objective,
    'mesh.route.ranked': ranked.length,
    'mesh.route.rejected': rejected.length,
    ...(chosen && { 'gen_ai.agent.id': chosen.agentId, 'mesh.model.id': chosen.modelId }),
  };
}

function deadlineOf({ latencyClass }: RoutedInput, nowMs: number, callDeadlineAt: number): number {
  const limitMs = LATENCY_LIMIT_MS[latencyClass ?? 'INTERACTIVE'];
  return limitMs === null ? callDeadlineAt : Math.min(callDeadlineAt, nowMs + limitMs);
}

async function decideRoute(parts: Parts, wanted: Wanted): Promise<{ hint: RouteHint; decisions: RecordedDecision[] }> {
  const { snapshot, clock } = parts;
  const { principal, objective } = wanted;
  const input = wanted.taskClass === undefined ? wanted.input : { ...wanted.input, taskClass: wanted.taskClass };
  if (!isSound(input)) return { hint: nobody(wanted, clock()), decisions: [] };
  const policies = askPolicies(parts, { ...wanted, input });
  const choice = chooseRoute({
    input,
    objective: objective as Objective | undefined,
    agents: principal.tenant === null ? [] : snapshot.agentsOf(principal.tenant),
    model: snapshot.model,
    quality: snapshot.quality,
    latency: snapshot.latency,
    forbidden: policies.forbidden,
    limit: wanted.limit,
  });
  const limit = smaller(wanted.limit, input.maxCostUsd);
  const affordable = { ...choice, ranked: limit === null ? choice.ranked : within(choice.ranked, limit) };
  const paid =
    wanted.coordinate === PREVIEW
      ? { choice: affordable, reservationId: null }
      : await reserve(parts, { ...wanted, input }, affordable);
  const hint: RouteHint = {
    routeId: `route-${randomUUID()}`,
    ranked: paid.choice.ranked,
    objective: paid.choice.objective,
    complexity: paid.choice.complexity,
    reasons: paid.choice.reasons,
    rejected: paid.choice.rejected,
    reservationId: paid.reservationId,
    deadlineAt: wanted.deadlineAt,
    expiresAt: clock() + HINT_MS,
  };
  return { hint, decisions: policies.about(paid.choice) };
}

/** What is wrong with an input the agents subgraph says, as an error or a userError, each where it belongs; no money is held for it. */
function isSound(input: RoutedInput): boolean {
  try {
    checkTaskInput(input);
    return true;
  } catch {
    return false;
  }
}

function nobody({ deadlineAt }: Wanted, nowMs: number): RouteHint {
  return {
    routeId: `route-${randomUUID()}`,
    ranked: [],
    objective: 'CHEAPEST',
    complexity: 'SIMPLE',
    reasons: [],
    rejected: [],
    reservationId: null,
    deadlineAt,
    expiresAt: nowMs + HINT_MS,
  };
}

/** The first candidates whose caps together stay within the limit. */
function within(ranked: readonly RankedCandidate[], limit: PicoUsd): RankedCandidate[] {
  let left = limit;
  const kept: RankedCandidate[] = [];
  for (const candidate of ranked) {
    const cap = parseUsd(candidate.capUsd);
    if (cap > left) break;
    left -= cap;
    kept.push(candidate);
  }
  return kept;
}

/**
 * Holds the money for the whole route: when the first fails its cost is spent, and the next must still be payable. Where budgets do not
 * allow all of it, the last fallbacks are given up; where they do not allow even the first, nobody is left.
 */
async function reserve(
  parts: Parts,
  wanted: Wanted,
  choice: RouteChoice,
): Promise<{ choice: RouteChoice; reservationId: string | null }> {
  let { ranked } = choice;
  for (let round = 0; ranked.length > 0 && round < 3; round++) {
    const reservationId = `reservation-${randomUUID()}`;
    const amount = ranked.reduce((sum, { capUsd }) => sum + parseUsd(capUsd), 0n);
    const answer = await askReserve(parts, reservationId, {
      reservationId,
      tenant: wanted.principal.tenant,
      scopes: scopesOf(wanted, ranked),
      amountUsd: formatUsd(amount),
      expiresAt: parts.clock() + RESERVATION_MS,
    });
    if (answer.ok) return { choice: { ...choice, ranked }, reservationId: answer.budgetIds.length > 0 ? reservationId : null };
    const affordable = within(ranked, parseUsd(answer.remainingUsd));
    const shorter = affordable.length < ranked.length ? affordable : ranked.slice(0, -1);
    if (shorter.length > 0) {
      ranked = shorter;
      continue;
    }
    return { choice: overBudget(choice, answer), reservationId: null };
  }
  return { choice: { ...choice, ranked: [] }, reservationId: null };
}

function overBudget(choice: RouteChoice, { budgetId, remainingUsd }: { budgetId: string; remainingUsd: string }): RouteChoice {
  const rejected = choice.ranked.map(({ agentId, modelId, capUsd }) => ({
    agentId,
    modelId,
    code: 'OVER_BUDGET',
    reason: `it may cost up to ${capUsd} USD, and the budget ${budgetId} has ${remainingUsd} USD left`,
  }));
  return {
    ...choice,
    ranked: [],
    reasons: [`The budget ${budgetId} has ${remainingUsd} USD left.`],
    rejected: [...rejected, ...choice.rejected].slice(0, 20),
  };
}

function scopesOf({ principal, input }: Wanted, ranked: readonly RankedCandidate[]): string[] {
  const agents = [...new Set(ranked.map(({ agentId }) => agentId))].map((id) => `agent:${id}`);
  return [
    `tenant:${principal.tenant}`,
    `task-class:${input.taskClass}`,
    ...agents,
    ...(input.customerId ? [`customer:${input.customerId}`] : []),
    ...(principal.kind === 'USER' ? [`user:${principal.id}`] : []),
  ];
}

type ReserveAnswer =
  | { readonly ok: true; readonly budgetIds: readonly string[] }
  | { readonly ok: false; readonly budgetId: string; readonly remainingUsd: string };

const RESERVE: SubgraphOperation = {
  query: 'mutation ($request: JSON!) { _reserve(request: $request) }',
  kind: 'mutation',
};
const RELEASE: SubgraphOperation = { query: 'mutation ($id: ID!) { _release(reservationId: $id) }', kind: 'mutation' };

async function askReserve(parts: Parts, reservationId: string, request: Record<string, unknown>): Promise<ReserveAnswer> {
  const { costs, clock } = parts;
  const context = { principal: GATEWAY_PRINCIPAL, operationId: 'reserve', deadlineAt: clock() + RESERVE_TIMEOUT_MS };
  const answer = await costs
    .request(
      { operation: RESERVE, variables: JSON.stringify({ request }) },
      { request: context, signal: AbortSignal.timeout(RESERVE_TIMEOUT_MS) },
    )
    .catch((cause: unknown) => {
      // It may have been made all the same.
      void release(parts, reservationId);
      throw new MeshError('BUDGET_UNAVAILABLE', 'Budgets cannot be asked just now. Try again later.', { cause });
    });
  const reserved = answer.data?.['_reserve'];
  if (reserved) return reserved as ReserveAnswer;
  throw new MeshError(
    'BUDGET_UNAVAILABLE',
    `Budgets cannot be asked just now (${answer.errors?.[0]?.message ?? 'no answer'}). Try again later.`,
  );
}

/** Best effort: what cannot be released now is free again when it expires. */
async function release({ costs, clock }: Parts, reservationId: string): Promise<void> {
  const context = { principal: GATEWAY_PRINCIPAL, operationId: 'release', deadlineAt: clock() + RESERVE_TIMEOUT_MS };
  await costs
    .request(
      { operation: RELEASE, variables: JSON.stringify({ id: reservationId }) },
      { request: context, signal: AbortSignal.timeout(RESERVE_TIMEOUT_MS) },
    )
    .catch(() => undefined);
}

/** May the caller have this agent work, and have it call this model? What was asked of those on the route, or stopped them, is recorded. */
function askPolicies({ engine, clock }: Parts, { principal, coordinate, input }: Wanted) {
  const context = {
    field: coordinate,
    taskClass: input.taskClass,
    customerValue: input.customerValue ?? 'STANDARD',
    ...(input.region ? { region: input.region } : {}),
    ...(input.purpose ? { purpose: input.purpose } : {}),
  };
  const asked = new Map<string, RecordedDecision>();
  const allows = (action: string, type: string, id: string): string | undefined => {
    const resource = engine.resource(principal, type, id);
    const decision = engine.decide(principal, action, resource, context);
    asked.set(`${type} ${id}`, {
      id: randomUUID(),
      at: clock(),
      tenant: principal.tenant,
      principal: principalEntity(principal),
      action,
      resource: formatCedarEntity(resource),
      outcome: decision.allowed ? 'ALLOW' : 'DENY',
      rules: decision.rules,
      policyVersion: decision.policyVersion,
      operation: null,
      field: coordinate,
      reason: decision.reason,
    });
    return decision.allowed ? undefined : `${action} is denied: ${decision.reason}`;
  };
  return {
    forbidden: (agent: { id: string }, model: { id: string }): string | undefined =>
      allows('task.run', 'Agent', agent.id) ?? allows('model.invoke', 'Model', model.id),
    about: ({ ranked, rejected }: RouteChoice): RecordedDecision[] => {
      const stopped = rejected.filter(({ code }) => code === 'POLICY');
      const keys = [...ranked, ...stopped].flatMap(({ agentId, modelId }) => [`Agent ${agentId}`, `Model ${modelId}`]);
      return [...new Set(keys)].flatMap((key) => asked.get(key) ?? []);
    },
  };
}
