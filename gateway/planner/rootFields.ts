import {
  Kind,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { conditionsHold } from './conditionsHold.js';
import { MeshError } from '../errors.js';

/** A field at the root of an operation, taken out of the fragments around it; their @skip and @include stand in `conditions`. */
export interface RootField {
  readonly field: FieldNode;
  /** Outermost first; one list for each fragment that had any. */
  readonly conditions: readonly (readonly DirectiveNode[])[];
}

export function responseName(field: FieldNode): string {
  return field.alias?.value ?? field.name.value;
}

/** Throws GRAPHQL_VALIDATION_FAILED when the document has no such operation. */
export function findOperation(document: DocumentNode, operationName?: string): OperationDefinitionNode {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const found = operationName
    ? operations.find(({ name }) => name?.value === operationName)
    : operations.length === 1
      ? operations[0]
      : undefined;
  if (!found) {
    throw new MeshError(
      'GRAPHQL_VALIDATION_FAILED',
      operationName ? `There is no operation named "${operationName}".` : 'Name one of the operations.',
    );
  }
  return found;
}

export function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
}

/** Every named fragment written out where it is spread, in nodes of its own. */
export function spreadFragments(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): SelectionSetNode {
  const selections = set.selections.map((selection): SelectionNode => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(selection.name.value)!;
      return {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition: fragment.typeCondition,
        ...(selection.directives && { directives: selection.directives }),
        selectionSet: spreadFragments(fragment.selectionSet, fragments),
      };
    }
    return selection.selectionSet
      ? ({ ...selection, selectionSet: spreadFragments(selection.selectionSet, fragments) } as SelectionNode)
      : { ...selection };
  });
  return { ...set, selections };
}

export function rootFieldsOf(document: DocumentNode, operation: OperationDefinitionNode): RootField[] {
  const fragments = fragmentsOf(document);
  const collect = (selections: readonly SelectionNode[], conditions: RootField['conditions']): RootField[] =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [{ field: selection, conditions }];
      const inner = selection.directives?.length ? [...conditions, selection.directives] : conditions;
      if (selection.kind === Kind.INLINE_FRAGMENT) return collect(selection.selectionSet.selections, inner);
      return collect(fragments.get(selection.name.value)?.selectionSet.selections ?? [], inner);
    });
  return collect(operation.selectionSet.selections, []);
}

/** Whether @skip and @include leave the field in, with these (coerced) variables. */
export function isIncluded({ field, conditions }: RootField, variables: Record<string, unknown>): boolean {
  return [...conditions, field.directives ?? []].every((directives) => conditionsHold({ directives }, variables));
}

/** Back to a selection, with the conditions as fragments around it. */
export function toSelection({ field, conditions }: RootField): SelectionNode {
  return conditions.reduceRight<SelectionNode>(
    (inner, directives) => ({
      kind: Kind.INLINE_FRAGMENT,
      directives,
      selectionSet: { kind: Kind.SELECTION_SET, selections: [inner] },
    }),
    field,
  );
}

/** Back to selections; what stood in one fragment stands in one again, so that an @defer around it is there once. */
export function toSelections(fields: readonly RootField[], depth = 0): SelectionNode[] {
  const selections: SelectionNode[] = [];
  for (let from = 0, to; from < fields.length; from = to) {
    const { field, conditions } = fields[from]!;
    const directives = conditions[depth];
    to = from + 1;
    if (!directives) {
      selections.push(field);
      continue;
    }
    while (fields[to]?.conditions[depth] === directives) to++;
    const inner = toSelections(fields.slice(from, to), depth + 1);
    selections.push({ kind: Kind.INLINE_FRAGMENT, directives, selectionSet: { kind: Kind.SELECTION_SET, selections: inner } });
  }
  return selections;
}
