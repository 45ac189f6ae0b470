import { Kind, parse, visit, type ConstDirectiveNode, type ConstValueNode, type DocumentNode } from 'graphql';

/** What the planner fetches of itself, by the names of the fields. */
export interface HiddenSelections {
  /** Names of fields that keys, @requires and @fromContext select. */
  readonly needed: ReadonlySet<string>;
  /** Those that are selected with arguments. */
  readonly argued: ReadonlySet<string>;
  /** With @interfaceObject the planner asks for all types at once what was selected on some, under the same alias. */
  readonly throughInterfaces: boolean;
}

export function hiddenSelections(supergraph: DocumentNode): HiddenSelections {
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
