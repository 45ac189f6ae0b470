import {
  doTypesOverlap,
  getNamedType,
  isCompositeType,
  Kind,
  print,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { FlattenNode, PlanNode } from './federation.js';
import { fragmentsOf, responseName } from './rootFields.js';

interface Place {
  readonly type: GraphQLCompositeType;
  readonly set: SelectionSetNode;
}

interface Selected {
  readonly parent: GraphQLCompositeType;
  readonly field: FieldNode;
}

/**
 * Whether one response name stands for different things in objects of one type, depending on the type of an object further out:
 * `nodes { ... on A { item { n: stars(of: 1) } } ... on B { item { n: stars(of: 2) } } }`. The planner's usual fetches know places by
 * response names alone and would ask the same of both items; it can make fetches that know types, which are more.
 */
export function needsTypeConditions(document: DocumentNode, schema: GraphQLSchema, operation: OperationDefinitionNode): boolean {
  const root = schema.getRootType(operation.operation);
  if (!root) return false;
  const fragments = fragmentsOf(document);
  const differs = (places: readonly Place[]): boolean => {
    const byName = new Map<string, Selected[]>();
    for (const { type, set } of places) collect(set, type, { schema, fragments, spread: new Set() }, byName);
    for (const selected of byName.values()) {
      if (selected.length < 2 && !selected[0]?.field.selectionSet) continue;
      if (isAmbiguous(selected, schema)) return true;
      if (differs(selected.flatMap(placeBelow))) return true;
    }
    return false;
  };
  return differs([{ type: root, set: operation.selectionSet }]);
}

interface Collecting {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Fragments that have been written out here: the same fields again would tell nothing. */
  readonly spread: Set<string>;
}

function collect(
  { selections }: SelectionSetNode,
  parent: GraphQLCompositeType,
  collecting: Collecting,
  into: Map<string, Selected[]>,
): void {
  const { schema, fragments, spread } = collecting;
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const name = responseName(selection);
      const same = into.get(name);
      if (same) same.push({ parent, field: selection });
      else into.set(name, [{ parent, field: selection }]);
      continue;
    }
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      if (spread.has(selection.name.value)) continue;
      spread.add(selection.name.value);
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
    const named = fragment?.typeCondition ? schema.getType(fragment.typeCondition.name.value) : parent;
    if (fragment && isCompositeType(named)) collect(fragment.selectionSet, named, collecting, into);
  }
}

function isAmbiguous(selected: readonly Selected[], schema: GraphQLSchema): boolean {
  const different = [...new Map(selected.map((each) => [`${each.parent.name} ${asks(each.field)}`, each])).values()];
  return different.some(({ parent, field }, index) =>
    different.slice(0, index).some((other) => asks(other.field) !== asks(field) && doTypesOverlap(schema, other.parent, parent)),
  );
}

function asks({ name, arguments: args = [] }: FieldNode): string {
  return args.length === 0 ? name.value : `${name.value}(${args.map(print).toSorted().join()})`;
}

function placeBelow({ parent, field }: Selected): Place[] {
  const definition = 'getFields' in parent ? parent.getFields()[field.name.value] : undefined;
  const type = definition && getNamedType(definition.type);
  return field.selectionSet && isCompositeType(type) ? [{ type, set: field.selectionSet }] : [];
}

/**
 * The planner writes the types into a step of a path, `@|[A,B]`, and begins the path with an empty step. Here they are a step of their
 * own: `... on A|B`, which leads on when the object is of one of these types.
 */
export function withTypeSteps(node: PlanNode): PlanNode {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map(withTypeSteps) };
    case 'Flatten':
      return { ...node, path: typeSteps(node), node: withTypeSteps(node.node) };
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause && { ifClause: withTypeSteps(node.ifClause) }),
        ...(node.elseClause && { elseClause: withTypeSteps(node.elseClause) }),
      };
    case 'Defer':
      return {
        ...node,
        primary: { ...node.primary, ...(node.primary.node && { node: withTypeSteps(node.primary.node) }) },
        deferred: node.deferred.map((part) => ({ ...part, ...(part.node && { node: withTypeSteps(part.node) }) })),
      };
    case 'Fetch':
      return node;
  }
}

function typeSteps({ path }: FlattenNode): FlattenNode['path'] {
  return path.flatMap((step): FlattenNode['path'] => {
    if (typeof step !== 'string') return [step];
    const [name, types] = step.split('|[');
    return [...(name ? [name] : []), ...(types === undefined ? [] : [`... on ${types.slice(0, -1).replaceAll(',', '|')}`])];
  });
}
