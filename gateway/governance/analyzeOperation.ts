import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { MeshError } from '../errors.js';
import { findOperation, fragmentsOf, responseName, spreadFragments } from '../planner/rootFields.js';
import { distinct, without, type Rule } from './rulesOf.js';

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
 * Finds every rule that an operation meets: those of the field itself, of the type that it returns, and, where it is reached through an
 * interface or union, those of every type that it may turn out to be; what a type implements counts as its own. A rule of a type is met
 * once on the way down to its fields. Nothing is decided here, so it is done once.
 */
export function analyzeOperation(schema: GraphQLSchema, rulesOf: RulesOf, document: DocumentNode): Analysis {
  const found = findOperation(document);
  const operation = { ...found, selectionSet: spreadFragments(found.selectionSet, fragmentsOf(document)) };
  const root = schema.getRootType(found.operation);
  // Validation passes over an operation whose root type is not there.
  if (!root) throw new MeshError('GRAPHQL_VALIDATION_FAILED', `The schema has no ${found.operation} type.`);
  return {
    operation,
    guarded: guardedIn(operation.selectionSet, { type: root, possible: [root], met: [], path: [] }, { schema, rulesOf }),
  };
}

interface Walk {
  readonly schema: GraphQLSchema;
  readonly rulesOf: RulesOf;
}

/** Where the walk stands. */
interface Place {
  readonly type: GraphQLCompositeType;
  /** What an object here may be. */
  readonly possible: readonly GraphQLObjectType[];
  /** Rules of types that hold for whoever got here. */
  readonly met: readonly Rule[];
  /** Response names from the root. */
  readonly path: readonly string[];
}

function guardedIn(set: SelectionSetNode, place: Place, walk: Walk): Guarded[] {
  return set.selections.flatMap((node): Guarded[] => {
    const guarded =
      node.kind === Kind.FIELD ? guardField(node, place, walk) : guardFragment(node as InlineFragmentNode, place, walk);
    return guarded && (guarded.rules.length > 0 || guarded.below.length > 0) ? [guarded] : [];
  });
}

function guardField(node: FieldNode, { type, possible, met, path }: Place, walk: Walk): Guarded | undefined {
  const name = node.name.value;
  if (name.startsWith('__')) return undefined;
  const field = 'getFields' in type ? type.getFields()[name] : undefined;
  if (!field) return undefined;
  const { rulesOf, schema } = walk;
  const returned = getNamedType(field.type);
  const ofReturned = rulesOf(returned.name);
  const ofTypes = possible.flatMap((each) => rulesOf(each.name));
  const ofFields = [type, ...possible].flatMap((each) => rulesOf(each.name, name));
  const here = [...path, responseName(node)];
  const below = (type: GraphQLCompositeType): Place => ({
    type,
    possible: possibleTypes(schema, type),
    met: ofReturned,
    path: here,
  });
  return {
    node,
    directives: node.directives ?? [],
    path: here,
    coordinate: `${type.name}.${name}`,
    field,
    rules: distinct([...without(ofTypes, met), ...ofFields, ...ofReturned]),
    below: node.selectionSet && isCompositeType(returned) ? guardedIn(node.selectionSet, below(returned), walk) : [],
  };
}

function guardFragment(node: InlineFragmentNode, place: Place, walk: Walk): Guarded | undefined {
  const { schema, rulesOf } = walk;
  const named = node.typeCondition ? schema.getType(node.typeCondition.name.value) : place.type;
  if (!named || !isCompositeType(named)) return undefined;
  const narrowed = possibleTypes(schema, named);
  // Narrowed to another type: its own rules were not met on the way here.
  const rules = without(rulesOf(named.name), place.met);
  const inside: Place = {
    type: named,
    possible: place.possible.filter((type) => narrowed.includes(type)),
    met: [...place.met, ...rules],
    path: place.path,
  };
  return {
    node,
    directives: node.directives ?? [],
    path: place.path,
    coordinate: named.name,
    field: null,
    rules,
    below: guardedIn(node.selectionSet, inside, walk),
  };
}

function possibleTypes(schema: GraphQLSchema, type: GraphQLCompositeType): readonly GraphQLObjectType[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
}
