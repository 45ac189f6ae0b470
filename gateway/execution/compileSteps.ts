import type { FetchNode, PlanNode } from '../planner/federation.js';
import type { RequiredInputs } from '../planner/requiredInputs.js';
import type { SubgraphOperation } from '../fetch/SubgraphClient.js';
import { compileMerge, type Merge } from './compileMerge.js';
import { compileRepresentation, type IsOptional, type Representation, type RepresentationOf } from './compileRepresentation.js';
import { compileVoids, type Voids } from './compileVoids.js';
import { compileTargets, type CollectTargets } from './compileTargets.js';
import type { Place, Places } from './places.js';
import { applyRewrites, type IsPossibleType } from './rewrites.js';
import { selectionTree, type SelectionTree } from './selectionTree.js';
import { isTypeStep, type IsInterface, type ResponsePath, type JsonObject } from './Target.js';

/** What is done, in which order, to answer an operation. */
export type Step =
  | { readonly kind: 'sequence'; readonly steps: readonly Step[] }
  | { readonly kind: 'parallel'; readonly steps: readonly Step[] }
  | {
      readonly kind: 'condition';
      readonly variable: string;
      readonly held: Step | undefined;
      readonly otherwise: Step | undefined;
    }
  | FetchStep
  | DeferStep;

/** What is shown first, and what may come later. */
export interface DeferStep {
  readonly kind: 'defer';
  readonly primary: Step | undefined;
  readonly deferred: readonly DeferredStep[];
}

export interface DeferredStep {
  /** See DeferredFragment. */
  readonly id: string;
  /** Ids of the fetches that it waits for. */
  readonly after: readonly string[];
  readonly step: Step | undefined;
}

/** One request, or one for each context. */
export interface FetchStep {
  readonly kind: 'fetch';
  /** What deferred parts call it when they wait for it. */
  readonly ids: readonly string[];
  readonly node: FetchNode;
  readonly operation: SubgraphOperation;
  /** Names of the operation's variables that the fetch uses. */
  readonly variables: readonly string[];
  /** Null: root fields, which need nothing of their target. */
  readonly representationOf: RepresentationOf | null;
  readonly voids: Voids;
  /** Where what it brings belongs. Several: the plan has the same fetch for each of them, and one request serves all. */
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

export interface StepParts {
  readonly places: Places;
  readonly isPossible: IsPossibleType;
  readonly isInterface: IsInterface;
  readonly inputs: RequiredInputs;
  /** The variable with the route of a routed field: the fetch that takes it has effects, in a query too. */
  readonly hintVariable?: string | undefined;
}

/** Two passes, because where fetches meet must be known before the first is compiled: the result is called once all plans of an operation have been noted. */
export function noteSteps(node: PlanNode | undefined, parts: StepParts): () => Step | undefined {
  return node ? note(node, [], parts) : () => undefined;
}

type Compile = () => Step;

function note(node: PlanNode, path: ResponsePath, parts: StepParts): Compile {
  switch (node.kind) {
    case 'Sequence': {
      const steps = node.nodes.map((step) => note(step, path, parts));
      return () => ({ kind: 'sequence', steps: steps.map((compile) => compile()) });
    }
    case 'Parallel': {
      const steps = node.nodes.map((step) => note(step, path, parts));
      return () => fuse(steps.map((compile) => compile()));
    }
    case 'Flatten':
      return note(node.node, [...path, ...node.path], parts);
    case 'Condition': {
      const held = node.ifClause && note(node.ifClause, path, parts);
      const otherwise = node.elseClause && note(node.elseClause, path, parts);
      const variable = node.condition;
      return () => ({ kind: 'condition', variable, held: held?.(), otherwise: otherwise?.() });
    }
    case 'Fetch':
      return noteFetch(node, path, parts);
    case 'Defer': {
      const primary = node.primary.node && note(node.primary.node, path, parts);
      const deferred = node.deferred.map(({ label, depends, node: later }) => ({
        // Every one of them has been given a label.
        id: label!,
        after: depends.map(({ id }) => id),
        compile: later && note(later, path, parts),
      }));
      return () => ({
        kind: 'defer',
        primary: primary?.(),
        deferred: deferred.map(({ id, after, compile }) => ({ id, after, step: compile?.() })),
      });
    }
  }
}

function noteFetch(node: FetchNode, path: ResponsePath, parts: StepParts): Compile {
  const { places, isPossible, isInterface, inputs, hintVariable } = parts;
  const isRouted = hintVariable !== undefined && node.variableUsages?.includes(hintVariable);
  const brings = selectionTree(node);
  const place = places.add(path, brings);
  if (node.contextRewrites?.length || path.some(isTypeStep)) places.keepApart();
  return () => ({
    kind: 'fetch',
    ids: node.id === undefined ? [] : [node.id],
    node,
    operation: {
      query: node.operation,
      kind: node.operationKind === 'mutation' || isRouted ? 'mutation' : 'query',
      ...(node.operationName !== undefined && { operationName: node.operationName }),
    },
    variables: node.variableUsages ?? [],
    representationOf: representationOf(node, isPossible, inputs),
    voids: compileVoids(node, inputs, isPossible),
    ends: [
      {
        path,
        place,
        collect: compileTargets(places.root, path, isPossible),
        merge: compileMerge(place, brings, isInterface, places.apart),
        repeats: places.apart ? [] : compositesOf(place, brings),
        changesBelow: [...place.below.values()].some(({ isWay, isContested }) => isWay || isContested),
      },
    ],
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

/**
 * Branches that do the same at the same time, only for other places, become one branch: the planner fetches the same of an entity once
 * for every path to it. Nothing waits for anything that it would not have waited for otherwise.
 */
function fuse(branches: readonly Step[]): Step {
  const fused: Step[] = [];
  for (const branch of branches) {
    const twin = fused.findIndex((each) => isTwin(each, branch));
    if (twin < 0) fused.push(branch);
    else fused[twin] = join(fused[twin]!, branch);
  }
  return fused.length === 1 ? fused[0]! : { kind: 'parallel', steps: fused };
}

function isTwin(a: Step, b: Step): boolean {
  if (a.kind === 'fetch' && b.kind === 'fetch') return isTwinFetch(a.node, b.node);
  if (a.kind !== 'sequence' || b.kind !== 'sequence' || a.steps.length !== b.steps.length) return false;
  return a.steps.every((step, index) => isTwin(step, b.steps[index]!));
}

function isTwinFetch(a: FetchNode, b: FetchNode): boolean {
  // Two effects are two, and what two root fetches bring is for one target each.
  if (!a.requires || !b.requires || a.operationKind !== 'query' || b.operationKind !== 'query') return false;
  if (a.serviceName !== b.serviceName || a.operation.length !== b.operation.length) return false;
  if (a.contextRewrites?.length || b.contextRewrites?.length) return false;
  return textOf(a) === textOf(b);
}

/** All but its name, which the planner gives by order. */
function textOf(node: FetchNode): string {
  const { operation, operationName, requires, inputRewrites, outputRewrites, variableUsages } = node;
  const nameless = operationName === undefined ? operation : operation.replace(operationName, '');
  return JSON.stringify([nameless, requires, inputRewrites, outputRewrites, variableUsages]);
}

function join(a: Step, b: Step): Step {
  if (a.kind === 'fetch' && b.kind === 'fetch') return { ...a, ids: [...a.ids, ...b.ids], ends: [...a.ends, ...b.ends] };
  if (a.kind === 'sequence' && b.kind === 'sequence')
    return { kind: 'sequence', steps: a.steps.map((step, index) => join(step, b.steps[index]!)) };
  throw new Error('only twins are joined');
}
