import type { FetchNode } from '../planner/federation.js';
import type { RequiredInputs } from '../planner/requiredInputs.js';
import type { SubgraphOperation } from '../fetch/SubgraphClient.js';
import { compileMerge, type Merge } from './compileMerge.js';
import { compileRepresentation, type IsOptional, type Representation, type RepresentationOf } from './compileRepresentation.js';
import { compileWanted } from './compileWanted.js';
import { compileVoids, type Voids } from './compileVoids.js';
import { compileTargets, type CollectTargets } from './compileTargets.js';
import type { Place, Places } from './places.js';
import { applyRewrites, type IsPossibleType } from './rewrites.js';
import { selectionTree, type SelectionTree } from './selectionTree.js';
import { isTypeStep, type IsInterface, type ResponsePath, type JsonObject } from './Target.js';

/** One request, or one for each context. */
export interface FetchStep {
  readonly kind: 'fetch';
  readonly node: FetchNode;
  readonly operation: SubgraphOperation;
  /** Names of the operation's variables that the fetch uses. */
  readonly variables: readonly string[];
  /** Null: root fields, which need nothing of their target. */
  readonly representationOf: RepresentationOf | null;
  readonly voids: Voids;
  readonly isWanted: ReturnType<typeof compileWanted>;
  /** Where what it brings belongs. */
  readonly ends: readonly FetchEnd[];
}

export interface FetchEnd {
  readonly path: ResponsePath;
  readonly place: Place;
  readonly collect: CollectTargets;
  readonly merge: Merge;
  /** Numbers of the places below whose values stand in several places once one entity has several targets. */
  readonly repeats: readonly number[];
  /** Whether anything below is changed after it has come, so that what others hold has to be copied. */
  readonly changesBelow: boolean;
}

export interface FetchParts {
  readonly places: Places;
  readonly isPossible: IsPossibleType;
  readonly isInterface: IsInterface;
  readonly inputs: RequiredInputs;
  /** The variable with the route of a routed field: the fetch that takes it has effects, in a query too. */
  readonly hintVariable?: string | undefined;
}

/** Two passes, because where fetches meet must be known before the first is compiled: the result is called once all fetches of an operation have been noted. */
export function noteFetch(node: FetchNode, paths: readonly ResponsePath[], parts: FetchParts): () => FetchStep {
  const { places, isPossible, isInterface, inputs, hintVariable } = parts;
  const isRouted = hintVariable !== undefined && node.variableUsages?.includes(hintVariable);
  const brings = selectionTree(node);
  const noted = paths.map((path) => ({ path, place: places.add(path, brings) }));
  if (node.contextRewrites?.length || paths.some((path) => path.some(isTypeStep))) places.keepApart();
  return () => ({
    kind: 'fetch',
    node,
    operation: {
      query: node.operation,
      kind: node.operationKind === 'mutation' || isRouted ? 'mutation' : 'query',
      ...(node.operationName !== undefined && { operationName: node.operationName }),
    },
    variables: node.variableUsages ?? [],
    representationOf: representationOf(node, isPossible, inputs),
    voids: compileVoids(node, inputs, isPossible),
    isWanted: compileWanted(node, isInterface),
    ends: noted.map(({ path, place }) => ({
      path,
      place,
      collect: compileTargets(places.root, path, isPossible),
      merge: compileMerge(place, brings, isInterface, places.apart),
      repeats: places.apart ? [] : compositesOf(place, brings),
      changesBelow: [...place.below.values()].some(({ isWay, isContested }) => isWay || isContested),
    })),
  });
}

function representationOf(
  { requires, inputRewrites, serviceName }: FetchNode,
  isPossible: IsPossibleType,
  inputs: RequiredInputs,
): RepresentationOf | null {
  if (!requires) return null;
  const isOptional: IsOptional = (typeName, name) => name !== '__typename' && !inputs.isKey(serviceName, typeName, name);
  if (!inputRewrites?.length) return compileRepresentation(requires, isPossible, isOptional);
  const plainly = compileRepresentation(requires, isPossible, isOptional);
  const rewritten: Representation = {
    text: (entity, missing) => {
      const text = plainly(entity)?.text(entity, missing);
      if (text === undefined) return undefined;
      const representation = JSON.parse(text) as JsonObject;
      applyRewrites(representation, inputRewrites, isPossible);
      return JSON.stringify(representation);
    },
    comparison: null,
  };
  return () => rewritten;
}

function compositesOf(place: Place, brings: SelectionTree): number[] {
  return [...brings].flatMap(([name, inner]) => {
    const below = inner && place.below.get(name)!;
    return below && !below.isContested ? [below.id] : [];
  });
}
