import { Kind, parse, type SelectionNode } from 'graphql';
import { MeshError } from '../errors.js';
import type { FetchContext, SubgraphClient, SubgraphOperation, SubgraphResponse } from '../fetch/SubgraphClient.js';
import type { FetchNode } from '../planner/federation.js';
import { canonicalJson } from '../../subgraphs/shared/canonicalJson.js';
import type { FetchCache } from './FetchCache.js';
import { entitiesThroughCache, rootThroughCache } from './fetchThroughCache.js';
import { applyRewrites, project, type IsPossibleType } from './rewrites.js';
import {
  isObject,
  mergeInto,
  type ErrorSink,
  type IsInterface,
  type JsonObject,
  type ResponsePath,
  type Target,
} from './Target.js';

export interface Execution {
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly context: FetchContext;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly isPossible: IsPossibleType;
  readonly isInterface: IsInterface;
  readonly report: ErrorSink;
  /** Takes places that are null because of what was reported elsewhere. */
  readonly excuse: (places: readonly ResponsePath[]) => void;
  /** Null: every fetch is made. */
  readonly cache: FetchCache | null;
}

/** Runs one fetch for its targets and merges what it brings. Never rejects: a failure is reported where its fields would be. */
export async function executeFetch(node: FetchNode, targets: readonly Target[], execution: Execution): Promise<void> {
  if (!node.requires) {
    if (targets.length > 0) await fetchRoot(node, targets, execution);
    return;
  }
  for (const { variables, group } of byContext(node, targets, execution.isPossible)) {
    await fetchEntities(node, group, variables, execution);
  }
}

/** Root fields need nothing of their target: asked once, they answer for all, as where a list's items have a field of type Query. */
async function fetchRoot(node: FetchNode, targets: readonly Target[], execution: Execution): Promise<void> {
  const variables = variablesOf(node, execution);
  const ask = (): Promise<SubgraphResponse> => send(node, variables, execution);
  const lookup = execution.cache?.lookUp(node, variables, null);
  const response = lookup ? await rootThroughCache(lookup, ask) : await ask();
  const everywhere = (): (string | number)[][] =>
    targets.flatMap((target) => fieldsOf(node).map((name) => [...target.path, name]));
  reportErrors(response, execution, (path) => targets.map((target) => [...target.path, ...path]), everywhere);
  if (!response.data) {
    // A null that went up to the root took the other fields of the fetch with it.
    if (response.errors?.length) execution.excuse(everywhere());
    return;
  }
  applyRewrites(response.data, node.outputRewrites, execution.isPossible);
  mergeIntoAll(targets, response.data, execution);
}

/** What is merged becomes part of its target and is added to later, so every target gets its own. */
function mergeIntoAll(targets: readonly Target[], value: JsonObject, { isInterface }: Execution): void {
  targets.forEach((target, index) => {
    const own = index === targets.length - 1 ? value : structuredClone(value);
    mergeInto(target.value, own, isInterface);
  });
}

async function fetchEntities(
  node: FetchNode,
  targets: readonly Target[],
  contextVariables: JsonObject,
  execution: Execution,
): Promise<void> {
  const { isPossible } = execution;
  const representations: JsonObject[] = [];
  const targetsOf: Target[][] = [];
  const known = new Map<string, number>();
  for (const target of targets) {
    const representation = project(target.value, node.requires!, isPossible);
    if (!representation || representation['__typename'] === undefined) continue;
    applyRewrites(representation, node.inputRewrites, isPossible);
    const key = canonicalJson(representation);
    const index = known.get(key);
    if (index !== undefined) {
      targetsOf[index]!.push(target);
      continue;
    }
    known.set(key, representations.length);
    representations.push(representation);
    targetsOf.push([target]);
  }
  if (representations.length === 0) return;

  const variables = { ...contextVariables, ...variablesOf(node, execution) };
  const ask = (some: readonly JsonObject[]): Promise<SubgraphResponse> =>
    send(node, { ...variables, representations: some }, execution);
  const lookup = execution.cache?.lookUp(node, variables, representations);
  const { response, asked } = lookup
    ? await entitiesThroughCache(lookup, representations, ask)
    : { response: await ask(representations), asked: representations.map((_, index) => index) };
  const fieldsAt = (indices: readonly number[]): (string | number)[][] =>
    indices
      .flatMap((index) => targetsOf[index]!)
      .flatMap((target) => {
        const missing = entityFieldsOf(node, target, isPossible);
        return missing.length > 0 ? missing.map((name) => [...target.path, name]) : [[...target.path]];
      });
  const everywhere = (): (string | number)[][] => fieldsAt(asked);
  reportErrors(
    response,
    execution,
    ([, index, ...rest]) =>
      typeof index === 'number' ? (targetsOf[index] ?? []).map((target) => [...target.path, ...rest]) : everywhere(),
    everywhere,
  );
  const entities: unknown = response.data?.['_entities'];
  const given = Array.isArray(entities) ? (entities as unknown[]) : [];
  const isAnswered = (index: number): boolean => given[index] === null || isObject(given[index]);
  if (response.errors?.length) execution.excuse(fieldsAt(asked.filter((index) => !isObject(given[index]))));
  else reportUnanswered(node, fieldsAt(asked.filter((index) => !isAnswered(index))), execution);
  given.slice(0, representations.length).forEach((entity: unknown, index) => {
    if (!isObject(entity)) return;
    applyRewrites(entity, node.outputRewrites, isPossible);
    mergeIntoAll(targetsOf[index] ?? [], entity, execution);
  });
}

function reportUnanswered({ serviceName }: FetchNode, places: (string | number)[][], { report }: Execution): void {
  if (places.length === 0) return;
  const message = `The subgraph ${serviceName} did not answer for every entity that it was asked for.`;
  report({ message, extensions: { code: 'INVALID_SUBGRAPH_DATA', service: serviceName } }, places);
}

/** Of the operation's variables, those that the fetch uses. */
function variablesOf(node: FetchNode, { variables }: Execution): JsonObject {
  const used: JsonObject = {};
  for (const name of node.variableUsages ?? []) if (variables[name] !== undefined) used[name] = variables[name];
  return used;
}

async function send(node: FetchNode, variables: JsonObject, { clients, context }: Execution): Promise<SubgraphResponse> {
  const client = clients.get(node.serviceName);
  try {
    if (!client) throw new MeshError('SUBREQUEST_FAILED', `There is no client for the subgraph ${node.serviceName}.`);
    if (context.signal.aborted) throw new MeshError('DEADLINE_EXCEEDED', 'The time of the operation was over.');
    const response = await client.request({ operation: operationOf(node), variables: JSON.stringify(variables) }, context);
    // What is merged is changed later.
    return response.isShared ? structuredClone(response) : response;
  } catch (error) {
    const known =
      error instanceof MeshError
        ? error
        : new MeshError('SUBREQUEST_FAILED', `The subgraph ${node.serviceName} failed. Try again.`);
    return { data: null, errors: [{ message: known.message, extensions: { ...known.extensions, service: node.serviceName } }] };
  }
}

const operations = new WeakMap<FetchNode, SubgraphOperation>();

function operationOf(node: FetchNode): SubgraphOperation {
  let operation = operations.get(node);
  if (!operation) {
    const { operation: query, operationName, operationKind } = node;
    const kind = operationKind === 'mutation' ? 'mutation' : 'query';
    operations.set(node, (operation = { query, kind, ...(operationName && { operationName }) }));
  }
  return operation;
}

/** A subgraph's error keeps its words and code and gets the place that it has in the client's answer. */
function reportErrors(
  { errors }: SubgraphResponse,
  { report }: Execution,
  place: (path: readonly (string | number)[]) => (string | number)[][],
  everywhere: () => (string | number)[][],
): void {
  for (const error of errors ?? []) {
    const { message, extensions, path } = error;
    const shown = { message, extensions: { ...extensions, code: extensions?.['code'] ?? 'SUBREQUEST_FAILED' } };
    report(shown, path?.length ? place(path) : everywhere());
  }
}

/** Entities that see different values of a context are asked for in calls of their own: the value is a variable of the call. */
function byContext(
  node: FetchNode,
  targets: readonly Target[],
  isPossible: IsPossibleType,
): { variables: JsonObject; group: Target[] }[] {
  if (!node.contextRewrites?.length) return [{ variables: {}, group: [...targets] }];
  const groups = new Map<string, { variables: JsonObject; group: Target[] }>();
  for (const target of targets) {
    const variables: JsonObject = {};
    for (const { path, renameKeyTo } of node.contextRewrites) {
      const value = lookUp(target, path, isPossible);
      if (value !== undefined) variables[renameKeyTo] = value;
    }
    const key = canonicalJson(variables);
    const group = groups.get(key);
    if (group) group.group.push(target);
    else groups.set(key, { variables, group: [target] });
  }
  return [...groups.values()];
}

function lookUp(target: Target, path: readonly string[], isPossible: IsPossibleType): unknown {
  let from: Target | undefined = target;
  let step = 0;
  for (; path[step] === '..'; step++) from = from?.parent;
  let value: unknown = from?.value;
  for (; step < path.length; step++) {
    if (!isObject(value)) return undefined;
    const part = path[step]!;
    if (!part.startsWith('... on ')) value = value[part];
    else if (!isPossible(String(value['__typename']), part.slice('... on '.length))) return undefined;
  }
  return value;
}

function fieldsOf(node: FetchNode): string[] {
  return names(selectionsOf(node)).filter((name) => !name.startsWith('__'));
}

/** What the fetch would have added to this target: the fields of its type that are not there yet. */
function entityFieldsOf(node: FetchNode, { value }: Target, isPossible: IsPossibleType): string[] {
  const [entities] = selectionsOf(node);
  const fragments = entities?.kind === Kind.FIELD ? (entities.selectionSet?.selections ?? []) : [];
  const typeName = String(value['__typename']);
  const matching = fragments.flatMap((fragment) =>
    fragment.kind === Kind.INLINE_FRAGMENT && (!fragment.typeCondition || isPossible(typeName, fragment.typeCondition.name.value))
      ? fragment.selectionSet.selections
      : [],
  );
  return [...new Set(names(matching))].filter((name) => !name.startsWith('__') && !(name in value));
}

const parsed = new WeakMap<FetchNode, readonly SelectionNode[]>();

function selectionsOf(node: FetchNode): readonly SelectionNode[] {
  let selections = parsed.get(node);
  if (!selections) {
    const document = node.operationDocumentNode ?? parse(node.operation);
    const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!;
    parsed.set(node, (selections = operation.selectionSet.selections));
  }
  return selections;
}

function names(selections: readonly SelectionNode[]): string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection.alias?.value ?? selection.name.value];
    return selection.kind === Kind.INLINE_FRAGMENT ? names(selection.selectionSet.selections) : [];
  });
}
