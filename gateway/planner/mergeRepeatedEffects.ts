import { Kind, print, type DirectiveNode, type SelectionNode } from 'graphql';
import { responseName, type RootField } from './rootFields.js';

/**
 * The root fields of a mutation with each response name once, where it was first: the planner makes a fetch of its own for a repetition
 * that has a condition or stands behind a field of another subgraph, and the effect would be had twice. What the repetition selects is
 * kept, under its conditions. What is first under one condition and then under none or another is in its first place or in the later
 * one, never in both. What is first under several conditions and then under others stays as it is.
 */
export function mergeRepeatedEffects(fields: readonly RootField[]): RootField[] {
  const merged: RootField[] = [];
  for (const repeated of fields) {
    const index = merged.findIndex(({ field }) => responseName(field) === responseName(repeated.field));
    const first = merged[index];
    const isSame = first !== undefined && isTakenInBy(first, repeated);
    const otherwise = first && !isSame ? opposite(conditionsOf(first)) : undefined;
    if (first && (otherwise || isSame)) merged[index] = takeIn(first, repeated);
    else merged.push(repeated);
    if (otherwise) merged.push({ ...repeated, conditions: [[otherwise], ...repeated.conditions] });
  }
  return merged;
}

function isTakenInBy(first: RootField, repeated: RootField): boolean {
  const conditions = conditionsOf(first);
  return conditions.length === 0 || textOf(conditions) === textOf(conditionsOf(repeated));
}

/** Of one condition on a variable. */
function opposite(conditions: readonly (readonly DirectiveNode[])[]): DirectiveNode | undefined {
  const [directive, ...more] = conditions.flat();
  if (!directive || more.length > 0 || !['skip', 'include'].includes(directive.name.value)) return undefined;
  return { ...directive, name: { kind: Kind.NAME, value: directive.name.value === 'skip' ? 'include' : 'skip' } };
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
