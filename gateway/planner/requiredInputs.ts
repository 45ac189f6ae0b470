import { Kind, parse, type ConstDirectiveNode, type DocumentNode, type FieldNode } from 'graphql';

/** Of the fields that a subgraph must be told to compute others (@requires), which are for which. */
export interface RequiredInputs {
  /** Whether the field is part of a key by which the subgraph is entered for such an object. */
  isKey(subgraph: string, typeName: string, fieldName: string): boolean;
  /** Whether the fields hold a whole key of such an object there; what lies below them is not looked at. */
  hasKey(subgraph: string, typeName: string, fieldNames: ReadonlySet<string>): boolean;
  /** The fields of the same object that this field needs there; empty for most. */
  neededBy(subgraph: string, typeName: string, fieldName: string): ReadonlySet<string>;
}

/** Reads the join directives of a supergraph (specs.apollo.dev/join). An object counts by its own type and by its interfaces. */
export function createRequiredInputs(supergraph: DocumentNode): RequiredInputs {
  const names = graphNames(supergraph);
  const keys = new Map<string, string[][]>();
  const needed = new Map<string, Set<string>>();
  const interfaces = new Map<string, readonly string[]>();
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    const typeName = definition.name.value;
    interfaces.set(
      typeName,
      (definition.interfaces ?? []).map(({ name }) => name.value),
    );
    for (const directive of definition.directives ?? []) {
      const { graph, key } = textsOf(directive);
      if (directive.name.value === 'join__type' && graph !== undefined && key !== undefined) {
        const at = `${names.get(graph)} ${typeName}`;
        keys.set(at, [...(keys.get(at) ?? []), rootFields(key)]);
      }
    }
    for (const field of definition.fields ?? []) {
      for (const directive of field.directives ?? []) {
        const { graph, requires } = textsOf(directive);
        if (directive.name.value === 'join__field' && graph !== undefined && requires !== undefined)
          addTo(needed, `${names.get(graph)} ${typeName} ${field.name.value}`, rootFields(requires));
      }
    }
  }
  const typesOf = (typeName: string): readonly string[] => [typeName, ...(interfaces.get(typeName) ?? [])];
  const keysOf = (subgraph: string, typeName: string): readonly string[][] =>
    typesOf(typeName).flatMap((type) => keys.get(`${subgraph} ${type}`) ?? []);
  return {
    isKey: (subgraph, typeName, fieldName) => keysOf(subgraph, typeName).some((key) => key.includes(fieldName)),
    hasKey: (subgraph, typeName, fieldNames) =>
      keysOf(subgraph, typeName).some((key) => key.every((each) => fieldNames.has(each))),
    neededBy: (subgraph, typeName, fieldName) => {
      const found = typesOf(typeName).flatMap((type) => [...(needed.get(`${subgraph} ${type} ${fieldName}`) ?? [])]);
      return found.length > 0 ? new Set(found) : NONE;
    },
  };
}

const NONE: ReadonlySet<string> = new Set();

/** The supergraph speaks of subgraphs by the values of an enum. */
function graphNames({ definitions }: DocumentNode): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const definition of definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const value of definition.values ?? []) {
      const { name } = textsOf(value.directives?.find((directive) => directive.name.value === 'join__graph'));
      names.set(value.name.value, name ?? value.name.value);
    }
  }
  return names;
}

function textsOf(directive: ConstDirectiveNode | undefined): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    (directive?.arguments ?? []).flatMap(({ name, value }) =>
      value.kind === Kind.STRING || value.kind === Kind.ENUM ? [[name.value, value.value]] : [],
    ),
  );
}

function addTo(sets: Map<string, Set<string>>, key: string, values: readonly string[]): void {
  const set = sets.get(key) ?? new Set();
  for (const value of values) set.add(value);
  sets.set(key, set);
}

/** Names at the root of a field set, those in fragments among them. */
function rootFields(fieldSet: string): string[] {
  const [operation] = parse(`{ ${fieldSet} }`, { noLocation: true }).definitions;
  const names: string[] = [];
  const walk = (selections: readonly { kind: string }[]): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) names.push((selection as FieldNode).name.value);
      else if ('selectionSet' in selection) walk((selection as unknown as FieldNode).selectionSet!.selections);
    }
  };
  if (operation?.kind === Kind.OPERATION_DEFINITION) walk(operation.selectionSet.selections);
  return names;
}
