import {
  Kind,
  valueFromASTUntyped,
  parse,
  type ConstDirectiveNode,
  type ConstValueNode,
  type FieldDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** What the subgraphs' SDLs say about who answers what; the resolvers of subgraphs and monolith follow it. */
export interface Graph {
  readonly subgraphs: ReadonlyMap<string, ReadonlyMap<string, TypeShape>>;
  /** Whether an object of that type matches a type condition. */
  isPossible(typeName: string, condition: string): boolean;
  /** A field of an object type as each subgraph has it, on the type itself or on an interface of which it has made an object. */
  fieldsOf(typeName: string, field: string): readonly OwnedField[];
  typesOf(typeName: string): readonly TypeShape[];
}

export interface OwnedField extends FieldShape {
  readonly subgraph: string;
}

export interface TypeShape {
  readonly keys: readonly SelectionSetNode[];
  readonly resolvableKeys: readonly SelectionSetNode[];
  readonly isInterfaceObject: boolean;
  readonly isAbstract: boolean;
  readonly contexts: readonly string[];
  readonly rules: readonly Rule[];
  readonly interfaces: readonly string[];
  readonly members: readonly string[];
  readonly fields: ReadonlyMap<string, FieldShape>;
}

export interface FieldShape {
  readonly typeName: string;
  readonly isExternal: boolean;
  readonly requires: SelectionSetNode | undefined;
  readonly provides: SelectionSetNode | undefined;
  readonly override: { readonly from: string; readonly label: string | undefined } | undefined;
  /** Of its arguments. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Arguments that a context fills. */
  readonly contextArguments: readonly { readonly argument: string; readonly context: string; readonly selection: string }[];
  readonly rules: readonly Rule[];
}

/** Before a field: anybody who is known, or all scopes of one of the lists; a policy is never permitted to anybody in these tests. */
export type Rule = 'authenticated' | 'policy' | { readonly scopes: readonly (readonly string[])[] };

export function readGraph(sdls: Readonly<Record<string, string>>): Graph {
  const subgraphs = new Map(Object.entries(sdls).map(([name, sdl]) => [name, readTypes(sdl)]));
  const wider = new Map<string, Set<string>>();
  const widen = (narrow: string, wide: string): void =>
    void (wider.get(narrow) ?? wider.set(narrow, new Set()).get(narrow)!).add(wide);
  for (const types of subgraphs.values())
    for (const [name, { interfaces, members }] of types) {
      for (const each of interfaces) widen(name, each);
      for (const each of members) widen(each, name);
    }
  const isPossible = (typeName: string, condition: string): boolean =>
    typeName === condition || (wider.get(typeName)?.has(condition) ?? false);
  return {
    subgraphs,
    isPossible,
    fieldsOf: (typeName, field) =>
      [...subgraphs].flatMap(([subgraph, types]) =>
        [...types].flatMap(([name, type]) => {
          const found = type.fields.get(field);
          const isMeant = name === typeName || (type.isInterfaceObject && isPossible(typeName, name));
          return found && isMeant ? [{ ...found, subgraph }] : [];
        }),
      ),
    typesOf: (typeName) => [...subgraphs.values()].flatMap((types) => types.get(typeName) ?? []),
  };
}

export function selectionOf(text: string): SelectionSetNode {
  const [operation] = parse(`{ ${text} }`, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`not a selection: ${text}`);
  return operation.selectionSet;
}

function readTypes(sdl: string): Map<string, TypeShape> {
  const types = new Map<string, TypeShape>();
  for (const definition of parse(sdl, { noLocation: true }).definitions) {
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.OBJECT_TYPE_EXTENSION:
      case Kind.INTERFACE_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_EXTENSION:
      case Kind.UNION_TYPE_DEFINITION:
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_DEFINITION: {
        const directives = definition.directives ?? [];
        const keys = directives.filter(({ name }) => name.value === 'key');
        const toSelection = (key: ConstDirectiveNode): SelectionSetNode => selectionOf(text(key, 'fields')!);
        types.set(definition.name.value, {
          keys: keys.map(toSelection),
          resolvableKeys: keys.filter((key) => argument(key, 'resolvable')?.kind !== Kind.BOOLEAN).map(toSelection),
          isInterfaceObject: directives.some(({ name }) => name.value === 'interfaceObject'),
          isAbstract:
            definition.kind === Kind.INTERFACE_TYPE_DEFINITION ||
            definition.kind === Kind.INTERFACE_TYPE_EXTENSION ||
            definition.kind === Kind.UNION_TYPE_DEFINITION,
          contexts: directives.flatMap((each) => (each.name.value === 'context' ? text(each, 'name')! : [])),
          rules: rulesOf(directives),
          interfaces: 'interfaces' in definition ? (definition.interfaces ?? []).map(({ name }) => name.value) : [],
          members: 'types' in definition ? (definition.types ?? []).map(({ name }) => name.value) : [],
          fields: new Map(
            'fields' in definition ? (definition.fields ?? []).map((each) => [each.name.value, readField(each)]) : [],
          ),
        });
        break;
      }
      default:
    }
  }
  return types;
}

function readField({ type, arguments: args = [], directives = [] }: FieldDefinitionNode): FieldShape {
  const find = (name: string): ConstDirectiveNode | undefined => directives.find((each) => each.name.value === name);
  const selection = (name: string): SelectionSetNode | undefined => {
    const directive = find(name);
    return directive && selectionOf(text(directive, 'fields')!);
  };
  const override = find('override');
  let named = type;
  while (named.kind !== Kind.NAMED_TYPE) named = named.type;
  return {
    typeName: named.name.value,
    isExternal: find('external') !== undefined,
    requires: selection('requires'),
    provides: selection('provides'),
    override: override && { from: text(override, 'from')!, label: text(override, 'label') },
    defaults: Object.fromEntries(
      args.flatMap((each) => (each.defaultValue ? [[each.name.value, valueFromASTUntyped(each.defaultValue)]] : [])),
    ),
    contextArguments: args.flatMap((each) => {
      const from = each.directives?.find(({ name }) => name.value === 'fromContext');
      const [, context, selection] = (from && /^\s*\$(\w+)\s*(.*)$/s.exec(text(from, 'field')!)) ?? [];
      return context ? [{ argument: each.name.value, context, selection: selection! }] : [];
    }),
    rules: rulesOf(directives),
  };
}

function rulesOf(directives: readonly ConstDirectiveNode[]): Rule[] {
  return directives.flatMap((directive): Rule[] => {
    if (directive.name.value === 'authenticated' || directive.name.value === 'policy') return [directive.name.value];
    if (directive.name.value !== 'requiresScopes') return [];
    return [{ scopes: strings(argument(directive, 'scopes')!) }];
  });
}

function strings(lists: ConstValueNode): string[][] {
  const items = (value: ConstValueNode): readonly ConstValueNode[] => (value.kind === Kind.LIST ? value.values : [value]);
  return items(lists).map((list) => items(list).map((each) => (each.kind === Kind.STRING ? each.value : '')));
}

function argument(directive: ConstDirectiveNode, name: string): ConstValueNode | undefined {
  return directive.arguments?.find((each) => each.name.value === name)?.value;
}

function text(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = argument(directive, name);
  return value?.kind === Kind.STRING ? value.value : undefined;
}
