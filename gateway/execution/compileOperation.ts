import type { DocumentNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { OperationPlan, PlanSegment } from '../planner/OperationPlan.js';
import { findOperation, fragmentsOf, rootFieldsOf, toSelection } from '../planner/rootFields.js';
import { withRootFields } from '../planner/withRootFields.js';
import { compilePrinter, type Printer } from './compilePrinter.js';
import type { FetchParts } from './compileFetch.js';
import { noteOrdered, noteSteps, type Steps } from './compileSteps.js';
import { orderFetches } from './orderFetches.js';
import { createPlaces } from './places.js';
import type { IsPossibleType } from './rewrites.js';
import { splitSections } from './sections.js';
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
  /** Whether the sections of its only segment say what they depend on, so that they can be shared. */
  readonly hasSections: boolean;
  /** Of a subscription: what is read after each event. */
  readonly rest: Steps;
  /** See Place: how many there are. */
  readonly places: number;
  readonly isPossible: IsPossibleType;
  readonly isInterface: IsInterface;
  readonly printer: Printer;
}

export interface CompiledSegment extends PlanSegment {
  /** They run at once. Of a mutation, of what is answered in parts and of a routed field there is one. */
  readonly sections: readonly Section[];
}

/** Root fields that depend on the same variables: see splitSections. */
export interface Section {
  /** Data names of the fields. */
  readonly names: ReadonlySet<string>;
  /** What can change anything about them, by the names that fetches use. */
  readonly variables: readonly string[];
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
  const introspection = introspectionOf(document, operation);
  const isPlainQuery = plan.kind === 'query' && plan.segments.length === 1 && plan.routed.length === 0 && !plan.deferred;
  const notedSegments = plan.segments.map((segment) => {
    const ordered = segment.node ? orderFetches(segment.node) : [];
    const split = isPlainQuery && !introspection ? splitSections(ordered, document, operation, supergraph.dataName) : null;
    const stepParts = { ...parts, hintVariable: segment.routed?.hintVariable };
    const noted = (split ?? [{ ...WHOLE, ordered }]).map((section) => ({
      section,
      compile: noteOrdered(section.ordered, mayWait, stepParts),
    }));
    const compileAll = (): Section[] =>
      noted.map(({ section: { names, variables }, compile: make }) => ({ names, variables, steps: make() }));
    return { segment, isSplit: split !== null, compile: compileAll };
  });
  const notedRest = noteSteps(plan.subscription?.rest, true, parts);
  return {
    operation,
    fragments,
    allowed,
    introspection,
    segments: notedSegments.map(({ segment, compile: make }) => ({ ...segment, sections: make() })),
    hasSections: notedSegments.length === 1 && notedSegments[0]!.isSplit,
    rest: notedRest(),
    places: places.count(),
    isPossible: parts.isPossible,
    isInterface: parts.isInterface,
    printer: compilePrinter(supergraph, operation, fragments, allowed, places.root),
  };
}

const WHOLE = { names: new Set<string>(), variables: [] };

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
