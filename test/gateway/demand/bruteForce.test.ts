import fc from 'fast-check';
import {
  buildSchema,
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  parse,
  validate,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { getArgumentValues, getDirectiveValues } from 'graphql/execution/values.js';
import { expect, it } from 'vitest';
import { coerceVariables } from '../../../gateway/pipeline/handleOperation.js';
import { costed } from './costed.js';

const LIST_SIZE = 2;
const SDL = `
  type Query {
    node(of: In @cost(weight: 3)): Node
    nodes(first: Int, last: Int = 2): [Node] @listSize(slicingArguments: ["first", "last"], assumedSize: 3, requireOneSlicingArgument: false)
    any(of: [In], mood: Mood): [Any] @listSize(assumedSize: 2)
    page(first: Int): Page @cost(weight: 4) @listSize(slicingArguments: ["first"], sizedFields: ["items"], requireOneSlicingArgument: false)
    dear: Dear
    grid: [[Int]] @cost(weight: 1)
  }
  type Mutation { node(of: In @cost(weight: -2)): Node }
  interface Node { id: ID! next: Node friends(first: Int): [Node] }
  union Any = A | B | Page
  type A implements Node { id: ID! next: Node friends(first: Int): [Node] page(first: Int): Page a: Int @cost(weight: 2) }
  type B implements Node @cost(weight: 5) { id: ID! next: Node @cost(weight: 7) friends(first: Int): [Node] @cost(weight: 1) dear: Dear b: Int }
  type C implements Node @cost(weight: 0) { id: ID! @cost(weight: 1) next: Node friends(first: Int): [Node] grid: [[Int]] }
  type Page { items: [Node] others: [Node] @listSize(assumedSize: 1) page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["items"], requireOneSlicingArgument: false) }
  scalar Dear @cost(weight: 3)
  enum Mood @cost(weight: 2) { GOOD }
  input In { some: Int @cost(weight: 2) mood: Mood inner: In list: [In] }`;

const DIRECTIVES = `
  directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
  directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION`;
/** The same graph without any federation, from which the naive way reads. */
const schema = buildSchema(DIRECTIVES + SDL);
const graph = costed(SDL, LIST_SIZE);

type Element = { readonly astNode?: unknown } | null | undefined;
const said = (name: string, element: Element): Record<string, unknown> | undefined =>
  getDirectiveValues(schema.getDirective(name)!, (element?.astNode ?? {}) as never);
const weightOf = (element: Element): number | undefined => said('cost', element)?.['weight'] as number | undefined;

interface Asking {
  readonly fragments: Record<string, FragmentDefinitionNode>;
  readonly variables: Record<string, unknown>;
}
type Groups = ReadonlyMap<string, readonly FieldNode[]>;

function naiveInput(value: unknown, type: GraphQLInputType, element: Element): number {
  if (value === null || value === undefined) return 0;
  const named = getNamedType(type);
  const weight = weightOf(element) ?? weightOf(named);
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + naiveInput(item, named, element), weight ?? 0);
  if (!isInputObjectType(named)) return weight ?? 0;
  const fields = Object.entries(value).map(([name, inner]) => [named.getFields()[name]!, inner] as const);
  return fields.reduce((sum, [field, inner]) => sum + naiveInput(inner, field.type, field), weight ?? 1);
}

interface Field {
  readonly name: string;
  readonly type: GraphQLOutputType;
  /** What a list of it may have; 1 when it is none. */
  readonly size: number;
  readonly args: number;
  /** Undefined: the type's. */
  readonly weight: number | undefined;
  readonly nodes: readonly FieldNode[];
  readonly sized: { readonly size: number; readonly fields: readonly string[] } | undefined;
}

function fieldsOf(type: GraphQLObjectType, groups: Groups, { variables }: Asking, sized: Field['sized']): Field[] {
  return [...groups].flatMap(([name, nodes]): Field[] => {
    const [node] = nodes;
    const definition = type.getFields()[node!.name.value];
    if (!definition) return [];
    const values = getArgumentValues(definition, node!, variables);
    const directive = said('listSize', definition);
    const slicing = ((directive?.['slicingArguments'] ?? []) as string[]).map((argument) => values[argument]);
    const numbers = slicing.filter((value): value is number => typeof value === 'number' && value >= 0);
    const own = numbers.length > 0 ? Math.max(...numbers) : (directive?.['assumedSize'] as number | undefined);
    const below = (directive?.['sizedFields'] ?? []) as string[];
    const upper = sized?.fields.includes(definition.name) ? sized.size : undefined;
    const given = definition.args.filter((argument) => node!.arguments?.some((each) => each.name.value === argument.name));
    return [
      {
        name,
        type: definition.type,
        size: upper ?? (below.length > 0 ? undefined : own) ?? LIST_SIZE,
        args: given.reduce((sum, argument) => sum + naiveInput(values[argument.name], argument.type, argument), 0),
        weight: weightOf(definition),
        nodes,
        sized: own === undefined || below.length === 0 ? undefined : { size: own, fields: below },
      },
    ];
  });
}

function possible(type: GraphQLOutputType): readonly GraphQLObjectType[] {
  const named = getNamedType(type);
  if (isAbstractType(named)) return schema.getPossibleTypes(named);
  return 'getFields' in named ? [named as GraphQLObjectType] : [];
}

function naiveEstimate(type: GraphQLObjectType, groups: Groups, asking: Asking, sized?: Field['sized']): number {
  return fieldsOf(type, groups, asking, sized).reduce((sum, field) => {
    const types = possible(field.type);
    let count = 1;
    for (let each: unknown = field.type, size = field.size; each !== getNamedType(field.type); size = LIST_SIZE) {
      while (isNonNullType(each)) each = each.ofType;
      if (!isListType(each)) break;
      count *= size;
      each = each.ofType;
    }
    const named = getNamedType(field.type);
    const weight =
      field.weight ?? (types.length > 0 ? Math.max(...types.map((each) => weightOf(each) ?? 1)) : (weightOf(named) ?? 0));
    const inner = types.map((each) => naiveEstimate(each, subfields(each, field, asking), asking, field.sized));
    return sum + Math.max(0, count * weight + field.args) + count * Math.max(0, ...inner);
  }, 0);
}

function subfields(type: GraphQLObjectType, { nodes }: Field, { fragments, variables }: Asking): Groups {
  return collectSubfields(schema, fragments, variables, type, nodes);
}

/** An answer whose lists are no longer than they are thought to be, and what it cost, by the types that it was made of. */
function naiveAnswer(
  type: GraphQLObjectType,
  groups: Groups,
  asking: Asking,
  chance: (below: number) => number,
  sized?: Field['sized'],
): { data: Record<string, unknown>; cost: number } {
  const data: Record<string, unknown> = {};
  for (const [name, [node]] of groups) if (node!.name.value === '__typename') data[name] = type.name;
  let total = 0;
  for (const field of fieldsOf(type, groups, asking, sized)) {
    let values = 0;
    let below = 0;
    const make = (of: GraphQLOutputType, size: number): unknown => {
      if (isNonNullType(of)) return make(of.ofType, size);
      if (isListType(of)) {
        if (chance(6) === 0) return null;
        return Array.from({ length: chance(size + 1) }, () => make(of.ofType, LIST_SIZE));
      }
      const types = possible(of);
      if (types.length === 0) {
        values += field.weight ?? weightOf(getNamedType(of)) ?? 0;
        return chance(4) === 0 ? null : 1;
      }
      if (chance(6) === 0) {
        values += field.weight ?? 0;
        return null;
      }
      const chosen = types[chance(types.length)]!;
      const answer = naiveAnswer(chosen, subfields(chosen, field, asking), asking, chance, field.sized);
      values += field.weight ?? weightOf(chosen) ?? 1;
      below += answer.cost;
      return answer.data;
    };
    data[field.name] = make(field.type, field.size);
    total += Math.max(0, values + field.args) + below;
  }
  return { data, cost: total };
}

type Draw = <Value>(of: readonly Value[]) => Value;
type Chance = (below: number) => number;

const VARIABLES = '$n: Int, $m: Int = 1, $b: Boolean!, $c: Boolean = false, $i: In, $l: [In]';

function makeSelections(typeName: string, depth: number, draw: Draw, chance: Chance, typed: boolean): string {
  const type = schema.getType(typeName)!;
  const fields = 'getFields' in type ? Object.values((type as GraphQLObjectType).getFields()) : [];
  const when = (): string =>
    draw([
      '',
      '',
      '',
      ' @include(if: $b)',
      ' @skip(if: $c)',
      ' @skip(if: $b)',
      ' @include(if: true)',
      ' @include(if: $b) @skip(if: $c)',
    ]);
  const input = (left: number): string =>
    `{${draw(['', 'some: 1', 'some: $n', 'mood: GOOD', ...(left > 0 ? [`inner: ${input(left - 1)}`, `list: [${input(left - 1)}, {}]`] : [])])}}`;
  const value = (name: string): string =>
    name === 'of'
      ? draw(['null', input(2), '$i'])
      : name === 'mood'
        ? 'GOOD'
        : draw(['0', '1', '2', '3', '-1', 'null', '$n', '$m']);
  const selections = Array.from({ length: 1 + chance(3) }, (): string => {
    const other = draw(['A', 'B', 'C', 'Node', 'Page', typeName]);
    const overlaps = possible(schema.getType(other) as GraphQLOutputType).some((each) =>
      possible(type as GraphQLOutputType).includes(each),
    );
    if (fields.length === 0 || chance(4) === 0)
      return overlaps ? `... on ${other}${when()} { ${makeSelections(other, depth, draw, chance, typed)} }` : '__typename';
    const field = draw(fields);
    const args = field.args.flatMap(({ name }) => (chance(2) === 0 ? [`${name}: ${value(name)}`] : []));
    const text = args.length === 0 ? '' : `(${args.join(', ')})`;
    const alias = `${field.name}${[...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 99_991, 7)}`;
    const inner = getNamedType(field.type);
    if (possible(inner).length === 0) return `${alias}: ${field.name}${text}${when()}`;
    if (depth === 0) return '__typename';
    return `${alias}: ${field.name}${text}${when()} { ${makeSelections(inner.name, depth - 1, draw, chance, typed)} }`;
  });
  return [...(typed ? ['__typename'] : []), ...selections].join(' ');
}

const cases = fc
  .tuple(fc.gen(), fc.boolean(), fc.boolean(), fc.record({ n: fc.option(fc.nat(4)), b: fc.boolean() }))
  .map(([gen, typed, mutates, { n, b }]) => {
    const chance: Chance = (below) => gen(fc.nat, { max: Math.max(0, below - 1) });
    const draw: Draw = (of) => of[chance(of.length)]!;
    const kind = mutates ? 'mutation' : 'query';
    const query = `${kind} (${VARIABLES}) { ${makeSelections(mutates ? 'Mutation' : 'Query', 3, draw, chance, typed)} ...F } fragment F on ${mutates ? 'Mutation' : 'Query'} { ${makeSelections(mutates ? 'Mutation' : 'Query', 2, draw, chance, typed)} }`;
    const variables = { n, b, ...(n === 2 && { i: { some: 2, inner: { mood: 'GOOD' } } }) };
    return { query, variables, chance, typed };
  });
const RULES = (query: string) => validate(schema, parse(query)).filter(({ message }) => !message.includes('never used'));

it('an estimate is what a naive reading of the operation comes to, and no answer within the sizes costs more', () => {
  let checked = 0;
  fc.assert(
    fc.property(cases, ({ query, variables, chance, typed }) => {
      fc.pre(RULES(query).length === 0);
      const used = query.replace(/\((\$n.*?)\)/, (_, all: string) => {
        const kept = all.split(', ').filter((each) => query.split(each.split(':')[0]!).length > 2);
        return kept.length === 0 ? '' : `(${kept.join(', ')})`;
      });
      const document = parse(used);
      const operation = document.definitions[0] as OperationDefinitionNode;
      const fragments = Object.fromEntries(
        document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])),
      );
      const coerced = coerceVariables({ schema, document, variables });
      const asking = { fragments, variables: coerced };
      const root = schema.getRootType(operation.operation)!;
      const groups = collectFields(schema, fragments, coerced, root, operation.selectionSet);
      const base = operation.operation === 'mutation' ? 10 : 0;

      const estimated = graph.estimate(used, variables);
      expect(estimated).toBe(base + naiveEstimate(root, groups, asking));
      const answer = naiveAnswer(root, groups, asking, chance);
      const actual = graph.actual(used, answer.data, variables);
      if (typed) expect(actual).toBe(base + answer.cost);
      expect(actual).toBeGreaterThanOrEqual(base + answer.cost);
      expect(actual).toBeLessThanOrEqual(estimated);
      checked++;
    }),
    { numRuns: 300 },
  );
  expect(checked).toBeGreaterThanOrEqual(300);
});
