import { Kind, parse, visit, type ConstDirectiveNode, type ConstValueNode, type DocumentNode, type FieldNode } from 'graphql';

/** Gives each field the name under which its data is fetched and kept, whatever the client calls it. */
export type DataName = (field: FieldNode) => string;

/** Begins names that clients do not use; one who does gets another. */
const RESERVED = /^_as\d/;

/**
 * The planner fetches keys, `__typename` and what @requires names under their own names, next to what the client selects. A client that
 * calls another field so (`id: name`), or selects such a field with other arguments, would have two values meet in one place. Its
 * field is fetched under a name of both its alias and its field; the answer is shaped by the client's names.
 */
export function createDataNames(supergraph: DocumentNode): DataName {
  const { needed, argued, throughInterfaces } = hiddenSelections(supergraph);
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

interface HiddenSelections {
  /** Names of fields that keys, @requires and @fromContext select. */
  readonly needed: ReadonlySet<string>;
  /** Those that are selected with arguments. */
  readonly argued: ReadonlySet<string>;
  /** With @interfaceObject the planner asks for all types at once what was selected on some, under the same alias. */
  readonly throughInterfaces: boolean;
}

function hiddenSelections(supergraph: DocumentNode): HiddenSelections {
  const needed = new Set(['__typename']);
  const argued = new Set<string>();
  let throughInterfaces = false;
  const note = (selection: ConstValueNode): void => {
    if (selection.kind !== Kind.STRING) return;
    const text = selection.value.trim();
    // Contexts are selected as `{ a }` or `... on T { a }`, keys without the outermost braces.
    visit(parse(text.startsWith('{') ? text : `{ ${text} }`, { noLocation: true }), {
      Field: ({ name, arguments: args }) => {
        needed.add(name.value);
        if (args?.length) argued.add(name.value);
      },
    });
  };
  const read = ({ name, arguments: args = [] }: ConstDirectiveNode): void => {
    if (name.value !== 'join__type' && name.value !== 'join__field') return;
    for (const { name: argument, value } of args) {
      if (argument.value === 'key' || argument.value === 'requires') note(value);
      else if (argument.value === 'contextArguments') selectionsOf(value).forEach(note);
      else if (argument.value === 'isInterfaceObject') throughInterfaces ||= value.kind === Kind.BOOLEAN && value.value;
    }
  };
  visit(supergraph, { Directive: (directive) => read(directive as ConstDirectiveNode) });
  return { needed, argued, throughInterfaces };
}

function selectionsOf(contexts: ConstValueNode): ConstValueNode[] {
  const values = contexts.kind === Kind.LIST ? contexts.values : [contexts];
  return values.flatMap((value) =>
    value.kind === Kind.OBJECT ? value.fields.filter(({ name }) => name.value === 'selection').map((field) => field.value) : [],
  );
}
