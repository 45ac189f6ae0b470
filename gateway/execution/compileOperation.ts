import type { DocumentNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { OperationPlan, PlanSegment } from '../planner/OperationPlan.js';
import { findOperation, fragmentsOf, rootFieldsOf, toSelection } from '../planner/rootFields.js';
import { withRootFields } from '../planner/withRootFields.js';
import { compilePrinter, type PrintAnswer } from './compilePrinter.js';
import type { FetchParts } from './compileFetch.js';
import { noteSteps, type Steps } from './compileSteps.js';
import { createPlaces } from './places.js';
import type { IsPossibleType } from './rewrites.js';
import { selectionTree } from './selectionTree.js';
import type { IsInterface } from './Target.js';

/** A planned operation, ready to run. Immutable, and kept for as long as its plan is. */
export interface CompiledOperation {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Record<string, FragmentDefinitionNode>;
  /** What governance has left of it. Undefined: all. */
  readonly allowed: OperationDefinitionNode | undefined;
  /** What asks about the schema, which is answered here. Null: nothing does. */
  readonly introspection: DocumentNode | null;
  readonly segments: readonly CompiledSegment[];
  /** Of a subscription: what is read after each event. */
  readonly rest: Steps;
  /** See Place: how many there are. */
  readonly places: number;
  readonly isPossible: IsPossibleType;
  readonly isInterface: IsInterface;
  readonly print: PrintAnswer;
}

export interface CompiledSegment extends PlanSegment {
  readonly steps: Steps;
}

/**
 * `document` has the client's own operation: it gives the answer its shape, even when what was planned is less; then `allowed` is what
 * the plan is for.
 */
export function compileOperation(
  supergraph: Supergraph,
  plan: OperationPlan,
  document: DocumentNode,
  allowed: DocumentNode = document,
): CompiledOperation {
  let byDocument = compiled.get(plan);
  if (!byDocument) compiled.set(plan, (byDocument = new WeakMap()));
  let operation = byDocument.get(document);
  if (!operation) byDocument.set(document, (operation = compile(supergraph, plan, document, allowed)));
  return operation;
}

const compiled = new WeakMap<OperationPlan, WeakMap<DocumentNode, CompiledOperation>>();

function compile(
  supergraph: Supergraph,
  plan: OperationPlan,
  document: DocumentNode,
  allowedDocument: DocumentNode,
): CompiledOperation {
  const allowed = allowedDocument === document ? undefined : findOperation(allowedDocument);
  const operation = findOperation(document);
  const fragments = Object.fromEntries(fragmentsOf(document)) as Record<string, FragmentDefinitionNode>;
  const places = createPlaces();
  const parts: FetchParts = {
    places,
    isPossible: possibleTypes(supergraph),
    isInterface: interfaces(supergraph),
    inputs: supergraph.requiredInputs,
  };
  const mayWait = plan.kind !== 'mutation';
  if (plan.subscription) places.add([], selectionTree(plan.subscription.primary));
  const notedSegments = plan.segments.map((segment) => ({
    segment,
    compile: noteSteps(segment.node, mayWait, { ...parts, hintVariable: segment.routed?.hintVariable }),
  }));
  const notedRest = noteSteps(plan.subscription?.rest, true, parts);
  return {
    operation,
    fragments,
    allowed,
    introspection: introspectionOf(document, operation),
    segments: notedSegments.map(({ segment, compile: make }) => ({ ...segment, steps: make() })),
    rest: notedRest(),
    places: places.count(),
    isPossible: parts.isPossible,
    isInterface: parts.isInterface,
    print: compilePrinter(supergraph, operation, fragments, allowed, places.root),
  };
}

function introspectionOf(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode | null {
  const fields = rootFieldsOf(document, operation).filter(
    ({ field }) => field.name.value === '__schema' || field.name.value === '__type',
  );
  return fields.length === 0 ? null : withRootFields(document, operation, fields.map(toSelection));
}

/** By the whole supergraph, hidden types included: what one fetch requires of another may be hidden from clients. */
function possibleTypes({ federation }: Supergraph): IsPossibleType {
  const { schema } = federation;
  return (typeName, condition) => {
    if (typeName === condition) return true;
    const abstract = schema.type(condition);
    // An entity of a subgraph with @interfaceObject is known as its interface only, until its type has been fetched.
    if (abstract?.kind === 'InterfaceType') return abstract.allImplementations().some(({ name }) => name === typeName);
    return abstract?.kind === 'UnionType' && abstract.types().some(({ name }) => name === typeName);
  };
}

function interfaces({ federation }: Supergraph): IsInterface {
  return (typeName) => federation.schema.type(typeName)?.kind === 'InterfaceType';
}
