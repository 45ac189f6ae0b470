import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { findOperation, fragmentsOf, responseName } from '../planner/rootFields.js';
import { ALWAYS, anyOf, keyOf, narrow, type Condition } from './conditions.js';
import { BASE, type CostedField, type CostedOperation, type CostedSelection, type CostedType } from './CostedOperation.js';
import { inputValueCost, listDepth, type Costs } from './readCosts.js';
import { givenArgument } from './givenArgument.js';
import { expectedSize, firstSaid, type ExpectedSize } from './expectedSize.js';
import { sum, times, type Term, type Variables } from './terms.js';

/** A selection set that stands at a place of the answer, and when. */
interface Part {
  readonly set: SelectionSetNode;
  readonly when: Condition;
}

/** A field that stands under one name of the answer, and when. */
interface Asked {
  readonly node: FieldNode;
  readonly when: Condition;
}

/** What @listSize around a selection says of fields in it. */
interface Sized {
  readonly size: ExpectedSize;
  readonly fields: readonly FieldNode[];
}

/**
 * Selections that are looked at, each as often as there are types that it may be of: a thousand fields of a hundred types. Nobody else is
 * served meanwhile, about half a second at most, and what is found is kept with the operation.
 */
const MAX_STEPS = 100_000;

/**
 * Reads an operation once, as execution would: fragments written out for each object type that may stand there, fields of one name
 * together. The same selections below several types are worked out once, so that a few levels of an interface with many types stay small.
 * Null when there is too much to look at all the same. Introspection is free: no subgraph is asked.
 */
export function costOperation(
  schema: GraphQLSchema,
  costs: Costs,
  document: DocumentNode,
  listSize: number,
): CostedOperation | null {
  const operation = findOperation(document);
  const fragments = fragmentsOf(document);
  const selections: CostedSelection[] = [];
  const checks: ((variables: Variables) => string | null)[] = [];
  const known = new Map<string, CostedSelection>();
  const numberOf = createNumbers();
  const left = { steps: MAX_STEPS };

  const select = (type: GraphQLCompositeType, parts: readonly Part[], sized: readonly Sized[]): CostedSelection => {
    const key = [type.name, ...sized.map(sizedKey), ...parts.map(partKey)].join(' ');
    const found = known.get(key);
    if (found) return found;
    const types = possibleTypes(schema, type).map((each) => costType(each, parts, sized));
    const selection = { index: selections.length, types };
    selections.push(selection);
    known.set(key, selection);
    return selection;
  };
  const partKey = ({ set, when }: Part): string => `${numberOf(set)}${keyOf(when)}`;
  const sizedKey = ({ size, fields }: Sized): string => [size, ...fields].map(numberOf).join('.');

  const costType = (type: GraphQLObjectType, parts: readonly Part[], sized: readonly Sized[]): CostedType => {
    const collected = [...collect(schema, fragments, type, parts, left)];
    const fields = collected.flatMap(([name, asked]) => costField(type, name, asked, sized) ?? []);
    const typeNames = collected.flatMap(([name, [asked]]) => (asked?.node.name.value === '__typename' ? [name] : []));
    return { name: type.name, weight: costs.ofType(type.name), fields, typeNames };
  };

  const costField = (
    type: GraphQLObjectType,
    name: string,
    asked: readonly Asked[],
    around: readonly Sized[],
  ): CostedField | undefined => {
    // Fields of one name in one object have the same arguments, or the operation would not be valid.
    const { node } = asked[0]!;
    const field = type.getFields()[node.name.value];
    if (!field) return undefined;
    const isThere = anyOf(asked.map(({ when }) => when));
    const directive = costs.listSize(type, field.name);
    const own = directive && expectedSize(directive, node, field, `${type.name}.${field.name}`);
    if (own?.problem) {
      const { problem } = own;
      checks.push((variables) => (isThere === null || isThere(variables) ? problem(variables) : null));
    }
    const said = around.flatMap(({ size, fields }) =>
      fields
        .filter((each) => each.name.value === field.name)
        .map(({ selectionSet }) => ({ size, fields: fieldsOf(selectionSet) })),
    );
    const below = said.filter(({ fields }) => fields.length > 0);
    if (own && directive!.sizedFields.length > 0) below.unshift({ size: own, fields: directive!.sizedFields });
    const sizes = said.filter(({ fields }) => fields.length === 0).map(({ size }) => size);
    if (own && directive!.sizedFields.length === 0) sizes.push(own);
    const returned = getNamedType(field.type);
    const lists = listDepth(field.type);
    const parts = asked.flatMap(({ node: { selectionSet: set }, when }) => (set ? [{ set, when }] : []));
    return {
      name,
      isThere,
      weight: costs.ofField(type, field.name) ?? (isLeafType(returned) ? costs.ofType(returned.name) : null),
      argumentsCost: argumentsCost(costs, type, field, node),
      lists,
      count: countOf(lists, firstSaid(sizes, listSize), listSize),
      selection: isCompositeType(returned) ? select(returned, parts, below) : null,
    };
  };

  const root = select(schema.getRootType(operation.operation)!, [{ set: operation.selectionSet, when: ALWAYS }], []);
  return left.steps < 0 ? null : { base: BASE[operation.operation], root, selections, checks };
}

/**
 * What an object of this type answers, by the names in the answer. What is asked for twice in the same way is there once. Takes what it
 * looks at from `left`, and finds nothing when that is used up.
 */
function collect(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  type: GraphQLObjectType,
  parts: readonly Part[],
  left: { steps: number },
): ReadonlyMap<string, readonly Asked[]> {
  const byName = new Map<string, Asked[]>();
  const seen = new Map<object, Set<string>>();
  const isNew = (node: object, when: Condition): boolean => {
    const keys = seen.get(node) ?? new Set();
    seen.set(node, keys);
    return keys.size < keys.add(keyOf(when)).size;
  };
  const look = ({ set, when }: Part): void => {
    if (!isNew(set, when)) return;
    for (const selection of set.selections) {
      if (--left.steps < 0) return;
      const narrowed = narrow(when, selection);
      if (!narrowed) continue;
      if (selection.kind === Kind.FIELD) {
        const name = responseName(selection);
        const asked = byName.get(name) ?? [];
        if (isNew(selection, narrowed)) byName.set(name, [...asked, { node: selection, when: narrowed }]);
        continue;
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
      if (applies(schema, fragment.typeCondition?.name.value, type)) look({ set: fragment.selectionSet, when: narrowed });
    }
  };
  parts.forEach(look);
  return byName;
}

function applies(schema: GraphQLSchema, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true;
  const named = schema.getType(condition);
  return isAbstractType(named) && schema.isSubType(named, type);
}

function possibleTypes(schema: GraphQLSchema, type: GraphQLCompositeType): readonly GraphQLObjectType[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
}

function fieldsOf(set: SelectionSetNode | undefined): readonly FieldNode[] {
  return (set?.selections ?? []).filter((selection) => selection.kind === Kind.FIELD);
}

/** Those that the operation gives; what the schema adds by itself costs nothing. */
function argumentsCost(costs: Costs, type: GraphQLObjectType, field: GraphQLField<unknown, unknown>, node: FieldNode): Term {
  const terms = field.args.map((definition): Term => {
    const given = givenArgument(node, definition);
    if (given.isKnown && !given.isGiven({})) return 0;
    const cost = costs.argument(type, field.name, definition.name, definition.type);
    if (cost.weight === undefined && !cost.fields) return 0;
    const term = (variables: Variables): number => (given.isGiven(variables) ? inputValueCost(given.value(variables), cost) : 0);
    return given.isKnown ? term({}) : term;
  });
  return sum(terms);
}

/** Lists in a list are as long as any of which nothing is said. */
function countOf(depth: number, size: Term, listSize: number): Term {
  return depth === 0 ? 1 : times(size, listSize ** (depth - 1));
}

function createNumbers(): (thing: object) => number {
  const numbers = new Map<object, number>();
  return (thing) => {
    let number = numbers.get(thing);
    if (number === undefined) numbers.set(thing, (number = numbers.size));
    return number;
  };
}
