import type { FieldNode } from 'graphql';
import type { HiddenSelections } from './hiddenSelections.js';

/** Gives each field the name under which its data is fetched and kept, whatever the client calls it. */
export type DataName = (field: FieldNode) => string;

/** Begins names that clients do not use; one who does gets another. */
const RESERVED = /^_as\d/;

/**
 * The planner fetches keys, `__typename` and what @requires names under their own names, next to what the client selects. A client that
 * calls another field so (`id: name`), or selects such a field with other arguments, would have two values meet in one place. Its
 * field is fetched under a name of both its alias and its field; the answer is shaped by the client's names.
 */
export function createDataNames({ needed, argued, throughInterfaces }: HiddenSelections): DataName {
  return (field) => {
    const name = field.name.value;
    const alias = field.alias?.value ?? name;
    const collides =
      alias === name
        ? argued.has(name) || (needed.has(name) && !!field.arguments?.length)
        : throughInterfaces || needed.has(alias) || argued.has(alias) || RESERVED.test(alias);
    return collides ? `_as${alias.length}_${alias}_${name}` : alias;
  };
}
