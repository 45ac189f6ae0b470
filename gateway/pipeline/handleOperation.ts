import { getVariableValues, GraphQLError } from 'graphql';
import { describeSpan, withSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import { viewOf } from '../cache/viewOf.js';
import { LIMITS } from '../config/limits.js';
import type { Call } from '../context/createCall.js';
import { MeshError } from '../errors.js';
import { executeInParts } from '../execution/executeInParts.js';
import { executeOperation, type OperationRequest, type Sharing } from '../execution/executeOperation.js';
import type { FetchCache } from '../execution/FetchCache.js';
import { isIncremental, type IncrementalAnswer, type Outcome, type PrintedResult } from '../execution/Outcome.js';
import type { OperationPlan } from '../planner/OperationPlan.js';
import { findOperation } from '../planner/rootFields.js';
import type { SelectedOperation } from './selectOperation.js';
import type { Governed, Serving } from './Serving.js';

/** What has happened so far, as text that changes with it, and who wants to know of more. */
export interface Moment {
  readonly moment: string;
  readonly onEffect: () => void;
}

const NO_MOMENT: Moment = { moment: '', onEffect: () => undefined };

/**
 * The story of a query or mutation that Apollo Server (or graphql-ws) has parsed and validated. Every stage may end it with a MeshError;
 * what subgraphs do wrong is located in the result. (transport → context →) estimate its cost → catch up with what the caller knows →
 * govern → plan → look into the cache → route → execute → respond. `onEffect` is called at the end of one that has an effect, whatever
 * became of it.
 */
export async function handleOperation(
  serving: Serving,
  operation: SelectedOperation,
  call: Call,
  { moment, onEffect }: Moment = NO_MOMENT,
): Promise<PrintedResult | IncrementalAnswer> {
  const started = performance.now();
  let kind = 'query';
  let outcome: 'ok' | 'partial' | 'failed' = 'failed';
  let hasEffect = false;
  try {
    const coerced = coerceVariables(operation);
    const admitted = serving.demand.admit(operation.document, coerced, call);
    if (call.after !== null) await serving.caughtUp(call.after, call.signal);
    const governed = serving.govern(operation.document, coerced, call.request.principal);
    if (governed.byPolicies) refuseStaleSnapshot(serving);
    governed.record(operation.name);
    // A part that lacks what was denied would need an explanation of its own; such an answer comes whole.
    const defer = operation.acceptsIncremental && governed.document === operation.document;
    const planned = serving.planner.plan(governed.document, undefined, { defer });
    // A routed field is planned alone, and a deferred fragment around several would have a part in each of their plans.
    const plan = planned.deferred && planned.routed.length > 0 ? serving.planner.plan(governed.document) : planned;
    kind = plan.kind;
    hasEffect = kind === 'mutation' || plan.routed.length > 0;
    refuseSubscription(plan);
    refuseEffectsOverGet(plan, call);
    if (plan.routed.length > 0) refuseStaleSnapshot(serving);
    const isAlike = kind === 'query' && plan.routed.length === 0 && !governed.byPolicies;
    if (isAlike) call.answersAlike();
    const parts = { plan, governed, coerced };
    if (plan.deferred) {
      const request = toRequest(serving, operation, call, { ...parts, hints: {}, cache: null, sharing: null });
      const answer = await executeInParts(request).finally(() => {
        // As after a mutation that is answered whole, which the caches see themselves.
        if (hasEffect) serving.generations.wrote([...serving.supergraph.subgraphs.keys()]);
      });
      outcome = (isIncremental(answer) ? answer.initialResult : answer).errors ? 'partial' : 'ok';
      return admitted.answered(answer);
    }
    const result = await answerFromCache(serving, operation, call, parts, async (cache) => {
      const hints = await serving.route(plan.routed, coerced, call);
      const sharing = isAlike ? sharingOf(serving, call, moment) : null;
      return execute(serving, operation, call, { ...parts, hints, cache, sharing });
    });
    outcome = result.errors ? 'partial' : 'ok';
    return admitted.answered(result);
  } finally {
    if (hasEffect) onEffect();
    describeSpan({ 'mesh.operation.outcome': outcome });
    serving.metrics.operation(kind, outcome, (performance.now() - started) / 1000);
  }
}

/** Throws BAD_USER_INPUT, naming every variable that does not fit and where the operation declares it. */
export function coerceVariables({
  schema,
  document,
  variables,
}: Pick<SelectedOperation, 'schema' | 'document' | 'variables'>): Record<string, unknown> {
  const definitions = findOperation(document).variableDefinitions ?? [];
  const { coerced, errors } = getVariableValues(schema, definitions, variables, { maxErrors: 10 });
  if (errors) {
    const message = errors.map((error) => error.message).join(' ');
    const cause = new GraphQLError(message, { nodes: errors.flatMap(({ nodes }) => nodes ?? []) });
    throw new MeshError('BAD_USER_INPUT', message, { cause });
  }
  return coerced;
}

/** Catalog, prices and policies as they were long ago must not decide anything, nor must what they decided go on record. */
export function refuseStaleSnapshot(serving: Serving): void {
  const ageMs = serving.snapshotAgeMs();
  if (ageMs === null || ageMs <= LIMITS.snapshotMs) return;
  const age = Number.isFinite(ageMs) ? `is ${Math.round(ageMs / 1000)} s old` : 'is not there yet';
  throw new MeshError(
    'SNAPSHOT_STALE',
    `The gateway's picture of the mesh ${age}; governed and routed fields wait for a fresh one.`,
  );
}

function refuseSubscription({ kind }: OperationPlan): void {
  if (kind === 'subscription')
    throw new MeshError(
      'SUBSCRIPTION_UNSUPPORTED',
      'Subscriptions are served over WebSocket (graphql-transport-ws) at /graphql.',
    );
}

function refuseEffectsOverGet({ routed }: OperationPlan, { overGet }: Call): void {
  if (overGet && routed.length > 0)
    throw new MeshError(
      'ROUTED_FIELD_OVER_GET',
      `${routed[0]!.coordinate} asks agents to work, which is an effect. Send it as POST.`,
    );
}

interface Planned {
  readonly plan: OperationPlan;
  readonly governed: Governed;
  readonly coerced: Record<string, unknown>;
}

/** Tells the call how long its answer holds. */
async function answerFromCache(
  { caching }: Serving,
  { document, variables }: SelectedOperation,
  call: Call,
  { plan, governed, coerced }: Planned,
  compute: (cache: FetchCache | null) => Promise<Outcome>,
): Promise<PrintedResult> {
  const { principal } = call.request;
  const asked = { document, variables, coerced, governed, plan, principal, headers: call.headers };
  const { result, freshness } = await caching.answer(asked, compute);
  call.answered(freshness);
  return result;
}

function execute(serving: Serving, operation: SelectedOperation, call: Call, planned: Routed): Promise<Outcome> {
  return withSpan('execute', {}, () => executeOperation(toRequest(serving, operation, call, planned)));
}

interface Routed extends Planned {
  readonly hints: Record<string, string | MeshError>;
  readonly cache: FetchCache | null;
  readonly sharing: Sharing | null;
}

/** Null too for a caller who wants to see what has just happened. */
function sharingOf({ sharing }: Serving, { after, headers, request }: Call, moment: string): Sharing | null {
  if (!sharing || after !== null) return null;
  return { sections: sharing.sections, view: `${moment}\n${sharing.toldHeaders(headers)}\n${viewOf(request.principal, true)}` };
}

function toRequest({ supergraph, clients }: Serving, operation: SelectedOperation, call: Call, routed: Routed): OperationRequest {
  return new PlannedRequest(supergraph, clients, operation, call, routed);
}

/**
 * A class, because V8 makes what a literal stands for in its old generation once enough of them have been waited for; from there each
 * holds its operation, and all that this has brought, until the next full collection of garbage.
 */
class PlannedRequest implements OperationRequest {
  readonly supergraph: OperationRequest['supergraph'];
  readonly clients: OperationRequest['clients'];
  readonly plan: OperationRequest['plan'];
  readonly document: OperationRequest['document'];
  readonly variables: OperationRequest['variables'];
  readonly coerced: OperationRequest['coerced'];
  readonly hints: Routed['hints'];
  readonly context: Call;
  readonly cache: Routed['cache'];
  readonly sharing: Routed['sharing'];
  readonly allowed: OperationRequest['document'];
  readonly denied: Governed['denied'];

  constructor(
    supergraph: OperationRequest['supergraph'],
    clients: OperationRequest['clients'],
    { document, variables }: SelectedOperation,
    call: Call,
    { plan, governed, coerced, hints, cache, sharing }: Routed,
  ) {
    this.supergraph = supergraph;
    this.clients = clients;
    this.plan = plan;
    this.document = document;
    this.variables = variables;
    this.coerced = coerced;
    this.hints = hints;
    this.context = call;
    this.cache = cache;
    this.sharing = sharing;
    this.allowed = governed.document;
    this.denied = governed.denied;
  }
}
