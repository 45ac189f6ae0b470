import { executeSync, Kind, type DocumentNode, type GraphQLFormattedError, type SelectionNode } from 'graphql';
import type { FetchContext, SubgraphClient } from '../fetch/SubgraphClient.js';
import type { FetchNode } from '../planner/federation.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { OperationPlan } from '../planner/OperationPlan.js';
import { responseName } from '../planner/rootFields.js';
import { withFetchedNames } from '../planner/variableNames.js';
import { MeshError } from '../errors.js';
import { answerPaths } from './answerPaths.js';
import { compileOperation, type CompiledOperation, type CompiledSegment } from './compileOperation.js';
import { createFailures, type Failures } from './createFailures.js';
import type { FetchCache } from './FetchCache.js';
import { around, printed, type OperationResult, type Outcome } from './Outcome.js';
import type { Parts, Run } from './Run.js';
import { runSteps } from './runSteps.js';
import type { Brought, SectionSharing } from './shareSections.js';
import { selectionsOf } from './selectionTree.js';
import { shapeResponse } from './shapeResponse.js';
import { isObject, mergeInto, type JsonObject, type ResponsePath } from './Target.js';

export interface OperationRequest {
  readonly supergraph: Supergraph;
  readonly plan: OperationPlan;
  /** The client's own operation: it gives the answer its shape, even when what was planned is less. */
  readonly document: DocumentNode;
  /** As the client sent them; they must be valid for the operation. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The same as the operation's types make them, defaults applied. */
  readonly coerced: Record<string, unknown>;
  /** By variable name: the signed route hint, or why the field cannot be routed; then it alone is left out, with a located error. */
  readonly hints?: Readonly<Record<string, string | MeshError>>;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly context: FetchContext;
  /** What governance has left of it, its fragments written out, or the same document: nothing else is answered. The plan is for it. */
  readonly allowed?: DocumentNode;
  /** Errors of fields that were cut out before planning. */
  readonly denied?: readonly GraphQLFormattedError[];
  /** Of a subscription: the event's payload under the field's own name, which the rest of the plan adds to. */
  readonly event?: JsonObject;
  readonly cache?: FetchCache | null;
  /** Set when whoever asks the same in the same view may have the same answer. */
  readonly sharing?: Sharing | null;
}

export interface Sharing {
  readonly sections: SectionSharing;
  /** See SectionSharing. */
  readonly view: string;
}

/** Runs a planned operation. Never rejects for what a subgraph does. */
export async function executeOperation(request: OperationRequest): Promise<Outcome> {
  const started = startRun(request);
  const { compiled, run, failures } = started;
  const { supergraph, coerced } = request;
  const brought = request.sharing && compiled.hasSections ? await shareOperation(request.sharing, started) : null;
  if (!brought) await runOperation(request, started);

  const shape = (): OperationResult => {
    const data = shapeResponse(supergraph, compiled, coerced, run.data, failures);
    const { errors } = failures;
    return errors.length > 0 ? { data, errors } : { data };
  };
  return {
    shape,
    print: () => {
      const { errors } = failures;
      const bytes = brought
        ? compiled.printer.sections(brought, coerced, around(errors))
        : toBytes(compiled.printer.whole(run.data, coerced, run, around(errors)));
      if (bytes) return errors.length > 0 ? { bytes, errors } : { bytes };
      const shaped = shape();
      return printed(JSON.stringify(shaped.data), shaped.errors);
    },
  };
}

function toBytes(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}

export interface StartedRun {
  readonly compiled: CompiledOperation;
  readonly run: Run;
  readonly failures: Failures;
  /** From a place in what is fetched to the place in the answer. */
  readonly toAnswer: (path: ResponsePath) => ResponsePath;
}

export function startRun(request: OperationRequest, parts: Parts | null = null): StartedRun {
  const { supergraph, plan, document, coerced, clients, context, hints, event } = request;
  const compiled = compileOperation(supergraph, plan, document, request.allowed);
  const { operation, fragments, introspection, isPossible } = compiled;
  const failures = createFailures(request.denied);
  // Most operations fail nowhere.
  let paths: ((path: ResponsePath) => ResponsePath) | undefined;
  const toAnswer = (path: ResponsePath): ResponsePath =>
    (paths ??= answerPaths(operation.selectionSet.selections, fragments, supergraph.dataName))(path);
  const run: Run = {
    data: plan.subscription ? selectEvent(plan.subscription.primary, event ?? {}) : {},
    clients,
    context,
    variables: withFetchedNames({ ...coerced, ...request.variables, ...hints }),
    isPossible,
    isRepeated: new Uint8Array(compiled.places),
    isPlain: plan.subscription === undefined && introspection === null,
    parts,
    over: null,
    report: (error, places) => failures.report(error, places.map(toAnswer)),
    excuse: (places) => failures.excuse(places.map(toAnswer)),
    cache: request.cache ?? null,
  };
  return { compiled, run, failures, toAnswer };
}

/** As runOperation for one that has sections, each of them had once for all who ask for it just now. */
async function shareOperation({ sections: shared, view }: Sharing, { compiled, run }: StartedRun): Promise<readonly Brought[]> {
  const [segment] = compiled.segments;
  const brought = await Promise.all(segment!.sections.map((section) => shared.join(compiled, section, run, view)));
  for (const { data, told, cache } of brought) {
    Object.assign(run.data, data);
    for (const { error, places } of told)
      if (error) run.report(error, places);
      else run.excuse(places);
    if (cache) run.cache?.join(cache);
  }
  return brought;
}

/** Resolves when all that is shown first is there. */
export async function runOperation(request: OperationRequest, { compiled, run, failures }: StartedRun): Promise<void> {
  const { supergraph, plan, coerced, hints = NONE } = request;
  if (plan.subscription) return runSteps(compiled.rest, run);
  const { introspection, isInterface, segments } = compiled;
  if (introspection) Object.assign(run.data, introspect(supergraph, introspection, request.variables));
  const active = segments.filter(({ routed }) => {
    if (!routed) return true;
    const hint = hints[routed.hintVariable];
    if (hint instanceof MeshError)
      failures.report({ message: hint.message, extensions: { ...hint.extensions } }, [[routed.responseName]]);
    return routed.isIncluded(coerced) && !(hint instanceof MeshError);
  });
  if (plan.kind === 'mutation') {
    for (const { sections } of active) for (const { steps } of sections) await runSteps(steps, run);
    return;
  }
  const parts = await Promise.all(active.map((segment) => runSegment(segment, run)));
  for (const part of parts) if (part !== run.data) mergeInto(run.data, part, isInterface);
}

const NONE: Readonly<Record<string, string | MeshError>> = {};

/** The data that the segment brought: the operation's, or its own. */
async function runSegment({ sections, apart }: CompiledSegment, run: Run): Promise<JsonObject> {
  const own = apart ? { ...run, data: {} } : run;
  await Promise.all(sections.map(({ steps }) => runSteps(steps, own)));
  if (!own.isPlain) run.isPlain = false;
  return own.data;
}

function introspect(
  { apiSchema }: Supergraph,
  introspection: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): JsonObject | null | undefined {
  return executeSync({ schema: apiSchema, document: introspection, variableValues: variables }).data;
}

/** The payload under the names that the planner's primary selection gives it. */
function selectEvent(primary: FetchNode, event: JsonObject): JsonObject {
  return selectFrom(selectionsOf(primary), event);
}

function selectFrom(selections: readonly SelectionNode[], value: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const found = value[selection.name.value];
      const inner = selection.selectionSet?.selections;
      result[responseName(selection)] = inner && isObject(found) ? selectFrom(inner, found) : (found ?? null);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      Object.assign(result, selectFrom(selection.selectionSet.selections, value));
    }
  }
  return result;
}
