import { Kind, visit, type DocumentNode, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/** The operation without the denied selections; what is emptied by that asks for `__typename`, and unused variables go. */
export function prune(operation: OperationDefinitionNode, denied: ReadonlySet<unknown>): DocumentNode {
  const selectionSet = pruneSet(operation.selectionSet, denied);
  const used = new Set<string>();
  visit(selectionSet, { Variable: ({ name }) => void used.add(name.value) });
  const variableDefinitions = (operation.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value));
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet, variableDefinitions }] };
}

function pruneSet(set: SelectionSetNode, denied: ReadonlySet<unknown>): SelectionSetNode {
  const selections = set.selections
    .filter((selection) => !denied.has(selection))
    .map((selection) =>
      'selectionSet' in selection && selection.selectionSet
        ? { ...selection, selectionSet: pruneSet(selection.selectionSet, denied) }
        : selection,
    );
  return { ...set, selections: selections.length > 0 ? selections : [TYPENAME] };
}
