import {
  Kind,
  visit,
  type DocumentNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type VariableDefinitionNode,
} from 'graphql';
import { fragmentsOf } from './rootFields.js';

/** The operation with these selections at its root instead, and only the variables and fragments that they still use. */
export function withRootFields(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  selections: readonly SelectionNode[],
  moreVariables: readonly VariableDefinitionNode[] = [],
): DocumentNode {
  const fragments = fragmentsOf(document);
  const variables = new Set<string>();
  const used = new Set<string>();
  const note = (node: SelectionNode | OperationDefinitionNode['selectionSet']): void => {
    visit(node, {
      Variable: ({ name }) => void variables.add(name.value),
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value);
        if (!fragment || used.has(name.value)) return;
        used.add(name.value);
        note(fragment.selectionSet);
      },
    });
  };
  selections.forEach(note);
  const all = [...(operation.variableDefinitions ?? []), ...moreVariables];
  return {
    kind: Kind.DOCUMENT,
    definitions: [
      {
        ...operation,
        directives: [],
        variableDefinitions: all.filter(({ variable }) => variables.has(variable.name.value)),
        selectionSet: { kind: Kind.SELECTION_SET, selections },
      },
      ...[...used].map((name) => fragments.get(name)!),
    ],
  };
}
