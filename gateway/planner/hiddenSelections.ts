import { Kind, parse, visit, type ConstDirectiveNode, type ConstValueNode, type DocumentNode } from 'graphql';

/** What the planner fetches of itself, by the names of the fields. */
export interface HiddenSelections {
  /** Names of fields that keys, @requires and @fromContext select. */
  readonly needed: ReadonlySet<string>;
  /** Those that are selected with arguments. */
  readonly argued: ReadonlySet<string>;
  /** Names of the fields of interfaces that are an @interfaceObject somewhere: of these the planner asks all types at once what was selected on some. */
  readonly throughInterfaces: ReadonlySet<string>;
}

export function hiddenSelections(supergraph: DocumentNode): HiddenSelections {
  const needed = new Set(['__typename']);
  const argued = new Set<string>();
  const throughInterfaces = new Set<string>();
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
    }
  };
  visit(supergraph, {
    Directive: (directive) => read(directive as ConstDirectiveNode),
    InterfaceTypeDefinition: ({ directives = [], fields = [] }) => {
      if (directives.some(isInterfaceObject)) for (const { name } of fields) throughInterfaces.add(name.value);
    },
  });
  return { needed, argued, throughInterfaces };
}

function isInterfaceObject({ arguments: args = [] }: ConstDirectiveNode): boolean {
  return args.some(({ name, value }) => name.value === 'isInterfaceObject' && value.kind === Kind.BOOLEAN && value.value);
}

function selectionsOf(contexts: ConstValueNode): ConstValueNode[] {
  const values = contexts.kind === Kind.LIST ? contexts.values : [contexts];
  return values.flatMap((value) =>
    value.kind === Kind.OBJECT ? value.fields.filter(({ name }) => name.value === 'selection').map((field) => field.value) : [],
  );
}
