import {
  executeSync,
  Kind,
  parse,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLFormattedError,
  type SelectionNode,
} from 'graphql';
import type { FetchContext, SubgraphClient } from '../fetch/SubgraphClient.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { OperationPlan, PlanSegment } from '../planner/OperationPlan.js';
import { findOperation, fragmentsOf, responseName, rootFieldsOf, toSelection } from '../planner/rootFields.js';
import { withFetchedNames } from '../planner/variableNames.js';
import { withRootFields } from '../planner/withRootFields.js';
import { MeshError } from '../errors.js';
import { answerPaths } from './answerPaths.js';
import { createFailures } from './createFailures.js';
import type { Execution } from './executeFetch.js';
import { executePlan } from './executePlan.js';
import type { FetchCache } from './FetchCache.js';
import { shapeResponse } from './shapeResponse.js';
import { isObject, mergeInto, type JsonObject, type Target } from './Target.js';

export interface OperationRequest {
  readonly supergraph: Supergraph;
  readonly plan: OperationPlan;
  /** The client's own document: it gives the answer its shape, even when what was planned is less. */
  readonly document: DocumentNode;
  readonly operationName?: string | undefined;
  /** As the client sent them; they must be valid for the operation. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The same as the operation's types make them, defaults applied. */
  readonly coerced: Record<string, unknown>;
  /** By variable name: the signed route hint, or why the field cannot be routed; then it alone is left out, with a located error. */
  readonly hints?: Readonly<Record<string, string | MeshError>>;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly context: FetchContext;
  /** What governance has left of it, its fragments written out, or the same document: nothing else is answered. */
  readonly allowed?: DocumentNode;
  /** Errors of fields that were cut out before planning. */
  readonly denied?: readonly GraphQLFormattedError[];
  /** Of a subscription: the event's payload under the field's own name, which the rest of the plan adds to. */
  readonly event?: JsonObject;
  readonly cache?: FetchCache | null;
}

export interface OperationResult {
  readonly data: JsonObject | null;
  readonly errors?: readonly GraphQLFormattedError[];
}

/** Runs a planned operation. Never rejects for what a subgraph does. */
export async function executeOperation(request: OperationRequest): Promise<OperationResult> {
  const { supergraph, plan, document, operationName, coerced, clients, context, hints = {} } = request;
  const operation = findOperation(document, operationName);

  const fragments = Object.fromEntries(fragmentsOf(document)) as Record<string, FragmentDefinitionNode>;
  const failures = createFailures(request.denied);
  const toAnswer = answerPaths(operation.selectionSet.selections, fragments, supergraph.dataName);
  const data: JsonObject = {};
  const root: Target = { value: data, path: [], parent: undefined };
  const execution: Execution = {
    clients,
    context,
    variables: withFetchedNames({ ...coerced, ...request.variables, ...hints }),
    isPossible: possibleTypes(supergraph),
    isInterface: (typeName) => supergraph.federation.schema.type(typeName)?.kind === 'InterfaceType',
    report: (error, places) => failures.report(error, places.map(toAnswer)),
    excuse: (places) => failures.excuse(places.map(toAnswer)),
    cache: request.cache ?? null,
  };
  if (plan.subscription) {
    Object.assign(data, selectEvent(plan.subscription.primary.operation, request.event ?? {}));
    await executePlan(plan.subscription.rest, [root], execution);
  } else {
    introspect(supergraph, document, operationName, request.variables, data);
    const active = plan.segments.filter(({ routed }) => {
      if (!routed) return true;
      const hint = hints[routed.hintVariable];
      if (hint instanceof MeshError)
        failures.report({ message: hint.message, extensions: { ...hint.extensions } }, [[routed.responseName]]);
      return routed.isIncluded(coerced) && !(hint instanceof MeshError);
    });
    if (plan.kind === 'mutation') for (const { node } of active) await executePlan(node, [root], execution);
    else {
      const parts = await Promise.all(active.map((segment) => executeSegment(segment, root, execution)));
      for (const part of parts) if (part !== data) mergeInto(data, part, execution.isInterface);
    }
  }

  const allowed = request.allowed && request.allowed !== document ? findOperation(request.allowed, operationName) : undefined;
  const shaped = shapeResponse(supergraph, operation, fragments, coerced, data, failures, allowed);
  const { errors } = failures;
  return errors.length > 0 ? { data: shaped, errors } : { data: shaped };
}

/** The data that the segment brought: the root's, or its own. */
async function executeSegment({ node, apart }: PlanSegment, root: Target, execution: Execution): Promise<JsonObject> {
  const target = apart ? { ...root, value: {} } : root;
  await executePlan(node, [target], execution);
  return target.value;
}

/** By the whole supergraph, hidden types included: what one fetch requires of another may be hidden from clients. */
function possibleTypes({ federation }: Supergraph): Execution['isPossible'] {
  const { schema } = federation;
  return (typeName, condition) => {
    if (typeName === condition) return true;
    const abstract = schema.type(condition);
    // An entity of a subgraph with @interfaceObject is known as its interface only, until its type has been fetched.
    if (abstract?.kind === 'InterfaceType') return abstract.allImplementations().some(({ name }) => name === typeName);
    return abstract?.kind === 'UnionType' && abstract.types().some(({ name }) => name === typeName);
  };
}

function introspect(
  { apiSchema }: Supergraph,
  document: DocumentNode,
  operationName: string | undefined,
  variables: Readonly<Record<string, unknown>>,
  data: JsonObject,
): void {
  const operation = findOperation(document, operationName);
  const fields = rootFieldsOf(document, operation).filter(
    ({ field }) => field.name.value === '__schema' || field.name.value === '__type',
  );
  if (fields.length === 0) return;
  const part = withRootFields(document, operation, fields.map(toSelection));
  Object.assign(data, executeSync({ schema: apiSchema, document: part, variableValues: variables }).data);
}

/** The payload under the names that the planner's primary selection gives it. */
function selectEvent(primary: string, event: JsonObject): JsonObject {
  const operation = parse(primary).definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!;
  return selectFrom(operation.selectionSet.selections, event);
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
