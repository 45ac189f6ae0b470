import { createHash } from 'node:crypto';
import { Kind, print, visit, type FieldNode } from 'graphql';
import type { HiddenSelections } from './hiddenSelections.js';

/** Gives each field the name under which its data is fetched and kept, whatever the client calls it. */
export type DataName = (field: FieldNode) => string;

/** Begins names that clients do not use; one who does gets another. */
const RESERVED = /^_as\d/;

/**
 * The planner fetches keys, `__typename` and what @requires names under their own names, next to what the client selects. A client that
 * calls another field so (`id: name`), or selects such a field with other arguments, would have two values meet in one place. Its
 * field is fetched under a name of both its alias and its field; the answer is shaped by the client's names. Through an interface
 * object the arguments are part of that name, too: what is asked of one type is asked of all, and they may be asked differently.
 */
export function createDataNames({ needed, argued, throughInterfaces }: HiddenSelections): DataName {
  return (field) => {
    const name = field.name.value;
    const alias = field.alias?.value ?? name;
    const argsOf = throughInterfaces.has(name) && field.arguments?.length ? `_${digest(field)}` : '';
    const collides =
      argsOf !== '' ||
      RESERVED.test(alias) ||
      (alias === name
        ? argued.has(name) || (needed.has(name) && !!field.arguments?.length)
        : throughInterfaces.size > 0 || needed.has(alias) || argued.has(alias));
    return collides ? `_as${alias.length}_${alias}_${name}${argsOf}` : alias;
  };
}

/** Of arguments, whose order says nothing. */
function digest({ arguments: args = [] }: FieldNode): string {
  const byName = (a: { readonly name: { readonly value: string } }, b: typeof a): number =>
    a.name.value < b.name.value ? -1 : 1;
  const sorted = visit(
    { kind: Kind.OBJECT, fields: args.map((each) => ({ ...each, kind: Kind.OBJECT_FIELD })) },
    { ObjectValue: { leave: (node) => ({ ...node, fields: node.fields.toSorted(byName) }) } },
  );
  return createHash('sha256').update(print(sorted)).digest('hex').slice(0, 12);
}

/** The client's name for what is fetched under a name, as in the paths and selections of deferred parts. */
export function responseNameOf(dataName: string): string {
  const [marker, length] = /^_as(\d+)_/.exec(dataName) ?? [];
  return marker === undefined ? dataName : dataName.slice(marker.length, marker.length + Number(length));
}
