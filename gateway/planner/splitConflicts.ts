import {
  Kind,
  parse,
  print,
  visit,
  type DocumentNode,
  type FieldDefinitionNode,
  type FieldNode,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';
import { findOperation, fragmentsOf, responseName, spreadFragments } from './rootFields.js';
import { withRootFields } from './withRootFields.js';

/** One document, or several that together select the same. */
export type SplitConflicts = (document: DocumentNode) => readonly DocumentNode[];

/**
 * Where two fields of one object @require another with different arguments, the planner fetches it once and gives both the same value.
 * Such an operation is split so that each part requires it with one list of arguments; the first part has everything else. The parts
 * must not share their data before each is complete.
 */
export function createSplitConflicts(supergraph: DocumentNode, apiSchema: GraphQLSchema): SplitConflicts {
  const types = readTypes(supergraph);
  const argued = arguedNames(types);
  if (argued.size === 0) return (document) => [document];

  const required = (set: SelectionSetNode, typeName: string, path: string, within: readonly string[]): Requirement[] =>
    set.selections.flatMap((selection): Requirement[] => {
      if (selection.kind === Kind.INLINE_FRAGMENT)
        return required(selection.selectionSet, selection.typeCondition?.name.value ?? typeName, path, within);
      if (selection.kind !== Kind.FIELD) return [];
      const name = selection.name.value;
      const at = `${path}.${name}`;
      const own = argued.has(name) ? [{ at, args: (selection.arguments ?? []).map(print).toSorted().join() }] : [];
      const inner = selection.selectionSet ? required(selection.selectionSet, typeOf(types, typeName, name), at, within) : [];
      return [...own, ...inner, ...requirementsOf(typeName, name, path, within)];
    });
  /** What fetching a field of an object at `path` requires beside it, and what that requires in turn. */
  const requirementsOf = (typeName: string, name: string, path: string, within: readonly string[] = []): Requirement[] =>
    (types.get(typeName)?.possible ?? []).flatMap((possible) => {
      const coordinate = `${possible}.${name}`;
      if (within.includes(coordinate)) return [];
      const sets = types.get(possible)?.fields.get(name)?.requires ?? [];
      return sets.flatMap((set) => required(set, possible, path, [...within, coordinate]));
    });
  const collect = (set: SelectionSetNode, typeName: string, path: string): Demand[] =>
    set.selections.flatMap((selection): Demand[] => {
      if (selection.kind === Kind.INLINE_FRAGMENT)
        return collect(selection.selectionSet, selection.typeCondition?.name.value ?? typeName, path);
      if (selection.kind !== Kind.FIELD) return [];
      const name = selection.name.value;
      const requirements = requirementsOf(typeName, name, path);
      const inner = selection.selectionSet
        ? collect(selection.selectionSet, typeOf(types, typeName, name), `${path}.${responseName(selection)}`)
        : [];
      return requirements.length > 0 ? [{ field: selection, requirements }, ...inner] : inner;
    });

  return (document) => {
    const operation = findOperation(document);
    const selectionSet = spreadFragments(operation.selectionSet, fragmentsOf(document));
    const groups = groupDemands(collect(selectionSet, apiSchema.getRootType(operation.operation)!.name, ''));
    if (groups.length < 2) return [document];
    return groups.map(({ fields }, index) => {
      const elsewhere = new Set(groups.flatMap((group) => (group.fields === fields ? [] : [...group.fields])));
      const { selections } = index === 0 ? leaveOut(selectionSet, elsewhere) : keepOnly(selectionSet, fields, elsewhere)!;
      return withRootFields(document, operation, selections);
    });
  };
}

interface Requirement {
  /** Where the required field lies in what is fetched. */
  readonly at: string;
  readonly args: string;
}

interface Demand {
  readonly field: FieldNode;
  readonly requirements: readonly Requirement[];
}

interface Group {
  readonly fields: Set<FieldNode>;
  readonly args: Map<string, string>;
}

function groupDemands(demands: readonly Demand[]): Group[] {
  const groups: Group[] = [];
  for (const { field, requirements } of demands) {
    let group = groups.find((each) => requirements.every(({ at, args }) => (each.args.get(at) ?? args) === args));
    if (!group) groups.push((group = { fields: new Set(), args: new Map() }));
    group.fields.add(field);
    for (const { at, args } of requirements) group.args.set(at, args);
  }
  return groups;
}

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function leaveOut(set: SelectionSetNode, out: ReadonlySet<SelectionNode>): SelectionSetNode {
  const selections = set.selections
    .filter((selection) => !out.has(selection))
    .map((selection) =>
      'selectionSet' in selection && selection.selectionSet
        ? { ...selection, selectionSet: leaveOut(selection.selectionSet, out) }
        : selection,
    );
  return { ...set, selections: selections.length > 0 ? selections : [TYPENAME] };
}

/** The way to these fields and nothing beside it. */
function keepOnly(
  set: SelectionSetNode,
  kept: ReadonlySet<SelectionNode>,
  out: ReadonlySet<SelectionNode>,
): SelectionSetNode | undefined {
  const selections = set.selections.flatMap((selection): SelectionNode[] => {
    if (out.has(selection) || selection.kind === Kind.FRAGMENT_SPREAD) return [];
    if (kept.has(selection))
      return [selection.selectionSet ? { ...selection, selectionSet: leaveOut(selection.selectionSet, out) } : selection];
    const inner = selection.selectionSet && keepOnly(selection.selectionSet, kept, out);
    return inner ? [{ ...selection, selectionSet: inner }] : [];
  });
  return selections.length > 0 ? { ...set, selections } : undefined;
}

interface TypeShape {
  readonly fields: ReadonlyMap<string, { readonly type: string; readonly requires: readonly SelectionSetNode[] }>;
  /** Itself and the object types that it may turn out to be. */
  readonly possible: string[];
}

function readTypes({ definitions }: DocumentNode): ReadonlyMap<string, TypeShape> {
  const types = new Map<string, TypeShape>();
  for (const definition of definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      const fields = (definition.fields ?? []).map((field) => [field.name.value, readField(field)] as const);
      types.set(definition.name.value, { fields: new Map(fields), possible: [definition.name.value] });
    } else if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      const possible = (definition.types ?? []).map(({ name }) => name.value);
      types.set(definition.name.value, { fields: new Map(), possible });
    }
  }
  for (const definition of definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const { name } of definition.interfaces ?? []) types.get(name.value)?.possible.push(definition.name.value);
  }
  return types;
}

function readField({ type, directives }: FieldDefinitionNode) {
  const requires = (directives ?? []).flatMap(({ name, arguments: args }) => {
    const value = name.value === 'join__field' && args?.find((each) => each.name.value === 'requires')?.value;
    if (!value || value.kind !== Kind.STRING) return [];
    const [operation] = parse(`{ ${value.value} }`, { noLocation: true }).definitions;
    return operation?.kind === Kind.OPERATION_DEFINITION ? [operation.selectionSet] : [];
  });
  return { type: namedType(type), requires };
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

function typeOf(types: ReadonlyMap<string, TypeShape>, typeName: string, field: string): string {
  return types.get(typeName)?.fields.get(field)?.type ?? '';
}

/** Names of the fields that some @requires selects with arguments. */
function arguedNames(types: ReadonlyMap<string, TypeShape>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { fields } of types.values())
    for (const { requires } of fields.values())
      for (const set of requires)
        visit(set, { Field: ({ name, arguments: args }) => void (args?.length && names.add(name.value)) });
  return names;
}
