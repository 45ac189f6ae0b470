import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { findOperation, fragmentsOf, responseName } from '../planner/rootFields.js';
import type { Rule } from './rulesOf.js';

/** A selection with rules before it, or with such below it. */
export interface Guarded {
  readonly node: FieldNode | InlineFragmentNode;
  readonly directives: readonly DirectiveNode[];
  /** Response names from the root; of a fragment, those of the field around it. */
  readonly path: readonly string[];
  /** `Query.ask` */
  readonly coordinate: string;
  readonly field: GraphQLField<unknown, unknown> | null;
  readonly rules: readonly Rule[];
  readonly below: readonly Guarded[];
}

/** An operation with every fragment written out, so that each selection has one path, and what is guarded in it. */
export interface Analysis {
  readonly operation: OperationDefinitionNode;
  readonly guarded: readonly Guarded[];
}

type RulesOf = (typeName: string, fieldName?: string) => readonly Rule[];

/**
 * Finds every rule that an operation meets: those of the field itself, of the object type that it returns, and, where it is reached
 * through an interface or union, those of every type that it may turn out to be. Nothing is decided here, so it is done once.
 */
export function analyzeOperation(
  schema: GraphQLSchema,
  rulesOf: RulesOf,
  document: DocumentNode,
  operationName: string | undefined,
): Analysis {
  const found = findOperation(document, operationName);
  const operation = { ...found, selectionSet: expand(found.selectionSet, fragmentsOf(document)) };
  const root = schema.getRootType(found.operation)!;
  return { operation, guarded: guardedIn(operation.selectionSet, root, [], { schema, rulesOf }) };
}

function expand(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): SelectionSetNode {
  const selections = set.selections.map((selection): SelectionNode => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(selection.name.value)!;
      return {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition: fragment.typeCondition,
        ...(selection.directives && { directives: selection.directives }),
        selectionSet: expand(fragment.selectionSet, fragments),
      };
    }
    return selection.selectionSet
      ? ({ ...selection, selectionSet: expand(selection.selectionSet, fragments) } as SelectionNode)
      : { ...selection };
  });
  return { ...set, selections };
}

interface Walk {
  readonly schema: GraphQLSchema;
  readonly rulesOf: RulesOf;
}

function guardedIn(set: SelectionSetNode, parent: GraphQLCompositeType, path: readonly string[], walk: Walk): Guarded[] {
  return set.selections.flatMap((node): Guarded[] => {
    const guarded =
      node.kind === Kind.FIELD
        ? guardField(node, parent, path, walk)
        : guardFragment(node as InlineFragmentNode, parent, path, walk);
    return guarded && (guarded.rules.length > 0 || guarded.below.length > 0) ? [guarded] : [];
  });
}

function guardField(node: FieldNode, parent: GraphQLCompositeType, path: readonly string[], walk: Walk): Guarded | undefined {
  const name = node.name.value;
  if (name.startsWith('__')) return undefined;
  const field = 'getFields' in parent ? parent.getFields()[name] : undefined;
  if (!field) return undefined;
  const { rulesOf, schema } = walk;
  const returned = getNamedType(field.type);
  const through = isAbstractType(parent)
    ? schema.getPossibleTypes(parent).flatMap((type) => [...rulesOf(type.name), ...rulesOf(type.name, name)])
    : [];
  const own = [...rulesOf(parent.name, name), ...through, ...(isCompositeType(returned) ? rulesOf(returned.name) : [])];
  const here = [...path, responseName(node)];
  return {
    node,
    directives: node.directives ?? [],
    path: here,
    coordinate: `${parent.name}.${name}`,
    field,
    rules: distinct(own),
    below: node.selectionSet && isCompositeType(returned) ? guardedIn(node.selectionSet, returned, here, walk) : [],
  };
}

function guardFragment(
  node: InlineFragmentNode,
  parent: GraphQLCompositeType,
  path: readonly string[],
  walk: Walk,
): Guarded | undefined {
  const named = node.typeCondition ? walk.schema.getType(node.typeCondition.name.value) : parent;
  if (!named || !isCompositeType(named)) return undefined;
  return {
    node,
    directives: node.directives ?? [],
    path,
    coordinate: named.name,
    field: null,
    // Narrowed to an object type: its own rules were not met on the way here.
    rules: isObjectType(named) && named.name !== parent.name ? walk.rulesOf(named.name) : [],
    below: guardedIn(node.selectionSet, named, path, walk),
  };
}

function distinct(rules: readonly Rule[]): readonly Rule[] {
  return rules.length < 2 ? rules : [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}
