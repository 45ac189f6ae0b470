import { Kind, type SelectionNode } from 'graphql';
import { conditionsHold } from '../planner/conditionsHold.js';
import type { FetchNode } from '../planner/federation.js';
import { selectionsOf } from './selectionTree.js';
import type { IsInterface, JsonObject } from './Target.js';

/**
 * Whether a fetch of entities brings anything with these variables; null: with any. Beside fields under conditions the planner asks for
 * the type, which tells something only of what is known by an interface so far.
 */
export function compileWanted(node: FetchNode, isInterface: IsInterface): ((variables: Readonly<JsonObject>) => boolean) | null {
  const [entities] = node.requires ? selectionsOf(node) : [];
  if (entities?.kind !== Kind.FIELD || !entities.selectionSet) return null;
  const brings = (selections: readonly SelectionNode[], isOpen: boolean, holds: (each: SelectionNode) => boolean): boolean =>
    selections.some((each) => {
      if (!holds(each)) return false;
      if (each.kind === Kind.FIELD) return isOpen || each.name.value !== '__typename';
      if (each.kind !== Kind.INLINE_FRAGMENT) return true;
      const type = each.typeCondition?.name.value;
      return brings(each.selectionSet.selections, type === undefined ? isOpen : isOpen && isInterface(type), holds);
    });
  const { selections } = entities.selectionSet;
  if (brings(selections, true, ({ directives }) => !directives?.length)) return null;
  return (variables) => brings(selections, true, (each) => conditionsHold(each, variables));
}
