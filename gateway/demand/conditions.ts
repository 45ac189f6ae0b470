import { Kind, type SelectionNode } from 'graphql';
import type { Variables } from './terms.js';

/** Variables and the values that they must all have: what @skip and @include say of a selection and of all around it. */
export type Condition = ReadonlyMap<string, boolean>;

export const ALWAYS: Condition = new Map();

/** The condition and the selection's own. Null: it is never there. */
export function narrow(condition: Condition, { directives = [] }: SelectionNode): Condition | null {
  let narrowed: Map<string, boolean> | undefined;
  for (const { name, arguments: args = [] } of directives) {
    if (name.value !== 'skip' && name.value !== 'include') continue;
    const value = args.find((each) => each.name.value === 'if')?.value;
    const wanted = name.value === 'include';
    if (value?.kind === Kind.BOOLEAN && value.value !== wanted) return null;
    if (value?.kind !== Kind.VARIABLE) continue;
    narrowed ??= new Map(condition);
    if ((narrowed.get(value.name.value) ?? wanted) !== wanted) return null;
    narrowed.set(value.name.value, wanted);
  }
  return narrowed ?? condition;
}

/** Whether one of the conditions holds. Null: always. */
export function anyOf(conditions: readonly Condition[]): ((variables: Variables) => boolean) | null {
  if (conditions.some(({ size }) => size === 0)) return null;
  return (variables) => conditions.some((condition) => holds(condition, variables));
}

export function keyOf(condition: Condition): string {
  return condition.size === 0
    ? ''
    : [...condition]
        .map(([name, wanted]) => `${wanted ? '' : '!'}${name}`)
        .toSorted()
        .join('&');
}

function holds(condition: Condition, variables: Variables): boolean {
  for (const [name, wanted] of condition) if ((variables[name] === true) !== wanted) return false;
  return true;
}
