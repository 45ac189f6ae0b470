import { Kind, print, stripIgnoredCharacters, visit, type OperationDefinitionNode, type SelectionNode } from 'graphql';
import type { FetchNode } from '../planner/federation.js';
import type { FetchStep } from './compileFetch.js';
import { documentOf } from './selectionTree.js';

const smaller = new WeakMap<FetchNode, Map<string, FetchStep>>();
/** Of one fetch; when there are more, they begin anew. */
const MAX_KEPT = 16;

/** The fetch of entities without what it asks of them under these names. */
export function withoutFields(step: FetchStep, names: ReadonlySet<string>): FetchStep {
  const key = [...names].toSorted().join(' ');
  let kept = smaller.get(step.node);
  if (!kept) smaller.set(step.node, (kept = new Map()));
  let found = kept.get(key);
  if (!found) {
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(key, (found = leaveOut(step, names)));
  }
  // Twins of the fetch have one node and ends of their own.
  return { ...found, ends: step.ends };
}

function leaveOut(step: FetchStep, names: ReadonlySet<string>): FetchStep {
  const [operation] = documentOf(step.node).definitions as readonly OperationDefinitionNode[];
  const [entities] = operation!.selectionSet.selections;
  const asks =
    entities?.kind === Kind.FIELD
      ? { ...entities, selectionSet: setOf(without(entities.selectionSet!.selections, names)) }
      : entities!;
  const left = { ...operation!, selectionSet: setOf([asks]) };
  const used = new Set<string>();
  visit(left, { VariableDefinition: () => false, Variable: ({ name }) => void used.add(name.value) });
  const declared = (left.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value));
  const query = stripIgnoredCharacters(print({ ...left, variableDefinitions: declared }));
  const { operationDocumentNode: _, ...node } = step.node;
  const variables = step.variables.filter((name) => used.has(name));
  return {
    ...step,
    node: { ...node, operation: query, variableUsages: variables },
    operation: { ...step.operation, query },
    variables,
  };
}

function without(selections: readonly SelectionNode[], names: ReadonlySet<string>): SelectionNode[] {
  return selections.flatMap((selection): SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return names.has((selection.alias ?? selection.name).value) ? [] : [selection];
    if (selection.kind !== Kind.INLINE_FRAGMENT) return [selection];
    const inner = without(selection.selectionSet.selections, names);
    return inner.length > 0 ? [{ ...selection, selectionSet: setOf(inner) }] : [];
  });
}

function setOf(selections: readonly SelectionNode[]) {
  return { kind: Kind.SELECTION_SET, selections } as const;
}
