import { Kind, print, type DirectiveNode, type SelectionNode } from 'graphql';
import { responseName, type RootField } from './rootFields.js';

/**
 * The root fields of a mutation with each response name once, where it was first: the planner makes a fetch of its own for a repetition
 * that has a condition or stands behind a field of another subgraph, and the effect would be had twice. What the repetition selects is
 * kept, under its conditions. A first one that has conditions takes in only what has the same.
 */
export function mergeRepeatedEffects(fields: readonly RootField[]): RootField[] {
  const merged: RootField[] = [];
  for (const repeated of fields) {
    const index = merged.findIndex((each) => isTakenInBy(each, repeated));
    if (index < 0) merged.push(repeated);
    else merged[index] = takeIn(merged[index]!, repeated);
  }
  return merged;
}

function isTakenInBy(first: RootField, repeated: RootField): boolean {
  if (responseName(first.field) !== responseName(repeated.field)) return false;
  const conditions = conditionsOf(first);
  return conditions.length === 0 || textOf(conditions) === textOf(conditionsOf(repeated));
}

function takeIn(first: RootField, repeated: RootField): RootField {
  if (!first.field.selectionSet || !repeated.field.selectionSet) return first;
  const within = conditionsOf(repeated).reduceRight<readonly SelectionNode[]>(
    (selections, directives) => [
      { kind: Kind.INLINE_FRAGMENT, directives, selectionSet: { kind: Kind.SELECTION_SET, selections } },
    ],
    repeated.field.selectionSet.selections,
  );
  const selections = [...first.field.selectionSet.selections, ...within];
  return { ...first, field: { ...first.field, selectionSet: { kind: Kind.SELECTION_SET, selections } } };
}

function conditionsOf({ field, conditions }: RootField): readonly (readonly DirectiveNode[])[] {
  return [...conditions, field.directives ?? []].filter(({ length }) => length > 0);
}

function textOf(conditions: readonly (readonly DirectiveNode[])[]): string {
  return conditions.map((directives) => directives.map(print).join(' ')).join('\n');
}
