import { describe, expect, it } from 'vitest';
import { MAX_COST } from '../../../gateway/demand/terms.js';
import { costed, costedSupergraph } from './costed.js';
import { compose, link } from '../../support/federate.js';

/** https://www.apollographql.com/docs/graphos/routing/security/demand-control: the graph and the figures of its examples. */
const books = (address: string) => `
  type Query {
    book(id: ID): Book
    bestsellers: [Book] @listSize(assumedSize: 5)
    newestAdditions(after: ID, limit: Int!): [Book] @listSize(slicingArguments: ["limit"])
  }
  type Mutation { addBook(title: String): Book }
  type Book { title: String author: Author publisher: Publisher }
  type Author { name: String }
  type Publisher { name: String address: Address }
  type Address ${address} { zipCode: Int! }`;
const BOOK = '{ title author { name } publisher { name address { zipCode } } }';

describe("the examples of Apollo's documentation", () => {
  const plain = costed(books(''));
  const dear = costed(books('@cost(weight: 5)'));
  it.each([
    [plain, `query BookQuery { book(id: 1) ${BOOK} }`, 4],
    [dear, `query BookQuery { book(id: 1) ${BOOK} }`, 8],
    [dear, `query BestsellersQuery { bestsellers ${BOOK} }`, 40],
    [dear, `query NewestAdditions { newestAdditions(limit: 3) ${BOOK} }`, 24],
    [dear, `query NewestAdditions { newestAdditions(limit: 7) ${BOOK} }`, 56],
    [plain, 'mutation { addBook(title: "x") { title } }', 11],
  ])('case %#', (graph, query, cost) => expect(graph.estimate(query)).toBe(cost));
});

/** https://ibm.github.io/graphql-specs/cost-spec.html; its list of users weighs 1 as a whole and here 1 for each user. */
describe("the examples of IBM's specification", () => {
  const graph = costed(`
    type Query {
      users(max: Int): [User] @listSize(slicingArguments: ["max"])
      topProducts(filter: Filter @cost(weight: 15)): [String] @cost(weight: 5) @listSize(assumedSize: 10)
      mostPopularProduct(approx: Approximate @cost(weight: -3)): Product @cost(weight: 5)
      films(first: Int, after: ID, last: Int, before: ID): FilmConnection @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"])
    }
    type User { name: String age: Int @cost(weight: 2) }
    input Filter { approx: Approximate @cost(weight: -12) name: String }
    enum Approximate { YES NO }
    type Product { id: ID }
    type FilmConnection { edges: [FilmEdge] pageInfo: PageInfo }
    type FilmEdge { cursor: ID node: Film }
    type Film { title: String }
    type PageInfo @shareable { hasNextPage: Boolean }`);
  it.each([
    ['{ users(max: 5) { age } }', 5 * (1 + 2)],
    ['{ topProducts }', 10 * 5],
    ['{ topProducts(filter: { name: "x" }) }', 10 * 5 + 15],
    ['{ topProducts(filter: { approx: YES }) }', 10 * 5 + 15 - 12],
    ['{ topProducts(filter: null) }', 10 * 5],
    ['{ mostPopularProduct { id } }', 5],
    ['{ mostPopularProduct(approx: YES) { id } }', 5 - 3],
    ['{ films(first: 7) { edges { node { title } } pageInfo { hasNextPage } } }', 1 + 7 * (1 + 1) + 1],
    ['{ films(last: 2) { e: edges { cursor } } }', 1 + 2],
  ])('%s', (query, cost) => expect(graph.estimate(query)).toBe(cost));
});

describe('weights', () => {
  const graph = costed(`
    type Query {
      field: Int @cost(weight: 5)
      argument(arg: Int @cost(weight: 10), with: Int = 3 @cost(weight: 7)): Int
      enum: Mood
      enums: [Mood]
      input(in: In): Int
      inputs(in: [In]): Int
      numbers(of: [Dear!], json: Json @cost(weight: 3)): Int
      scalar: Dear
      object: Heavy
      lighter: Heavy @cost(weight: 2)
      cheap(arg: Int @cost(weight: -100)): [Heavy]
      free: Free @cost(weight: -5)
    }
    enum Mood @cost(weight: 15) { GOOD BAD }
    scalar Dear @cost(weight: 30)
    scalar Json
    type Heavy @cost(weight: 40) { id: ID x: Int @cost(weight: 1) }
    type Free @cost(weight: -1) { id: ID }
    input In { some: Int @cost(weight: 20) mood: Mood inner: In list: [Int] dear: [Dear] quiet: Int = 1 @cost(weight: 2) }`);
  it.each<[string, string, number, Record<string, unknown>?]>([
    ['of a field', '{ field }', 5],
    ['of an argument that is given', '{ argument(arg: 1) }', 10],
    ['of no argument that only has a default', '{ argument }', 0],
    ['of no argument that is null', '{ argument(arg: null) }', 0],
    ['of an argument that a variable gives', 'query ($a: Int) { argument(arg: $a) }', 10, { a: 1 }],
    ['of no argument whose variable is null', 'query ($a: Int) { argument(arg: $a) }', 0, { a: null }],
    ['of no argument whose variable is not set', 'query ($a: Int) { argument(arg: $a) }', 0],
    ["of an argument by its variable's default", 'query ($a: Int = 2) { argument(arg: $a) }', 10],
    ['of an enum', '{ enum }', 15],
    ['of each enum in a list', '{ enums }', 150],
    ['of a scalar', '{ scalar }', 30],
    ['of an object', '{ object { id } }', 40],
    ['of a field before its type', '{ lighter { id } }', 2],
    ['of what is in an object', '{ object { x } }', 41],
    ['of an input object, and of what is in it', '{ input(in: { some: 1 }) }', 1 + 20 + 2],
    ['of an enum in an input object', '{ input(in: { mood: BAD }) }', 1 + 15 + 2],
    ['of input objects in each other', '{ input(in: { inner: { some: 1, inner: {} } }) }', 3 * (1 + 2) + 20],
    ['of an input object in a variable', 'query ($i: In) { input(in: $i) }', 1 + 20 + 2, { i: { some: 2 } }],
    ['of an input object with a variable in it', 'query ($i: Int) { input(in: { some: $i }) }', 1 + 20 + 2, { i: 2 }],
    ['of an input object with a variable that is not set', 'query ($i: Int) { input(in: { some: $i }) }', 1 + 2],
    ['of each input object in a list', 'query ($i: [In]) { inputs(in: $i) }', 3 + 23, { i: [{}, { some: 1 }] }],
    ['of one input object in the place of a list', '{ inputs(in: { some: 1 }) }', 1 + 20 + 2],
    ['of scalars in a list, and of the list', '{ numbers(of: [1, 2]) }', 30 + 2 * 30],
    ['of a list that is a scalar', '{ numbers(json: [1, 2]) }', 3],
    ['below zero only until a field is free', '{ cheap(arg: 1) { x } }', 10 * 40 - 100 + 10 * 1],
    ['below zero for nothing that is answered', '{ free { id } }', 0],
    ['of nothing that introspection asks for', '{ __typename __schema { types { name fields { name } } } }', 0],
  ])('%s', (_, query, cost, variables = {}) => expect(graph.estimate(query, variables)).toBe(cost));
});

describe('list sizes', () => {
  const graph = costed(`
    type Query {
      unsaid: [A]
      assumed: [A] @listSize(assumedSize: 3)
      matrix: [[A!]!]! @listSize(assumedSize: 3)
      both(first: Int, last: Int): [A] @listSize(slicingArguments: ["first", "last"], assumedSize: 4, requireOneSlicingArgument: false)
      sliced(first: Int = 6): [A] @listSize(slicingArguments: ["first"])
      page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["items", "others"], requireOneSlicingArgument: false)
      pages(first: Int): [Page] @listSize(slicingArguments: ["first"], sizedFields: ["items"], requireOneSlicingArgument: false)
    }
    type A { id: ID list: [A] }
    type Page { items: [A] others: [A] @listSize(assumedSize: 2) else: [A] more: Page }`);
  it.each<[string, string, number, Record<string, unknown>?]>([
    ['are the default where nothing is said', '{ unsaid { id } }', 10],
    ['multiply', '{ unsaid { list { list { id } } } }', 10 + 100 + 1000],
    ['are assumed', '{ assumed { id } }', 3],
    ['of lists in a list are the default', '{ matrix { id } }', 3 * 10],
    ['are what an argument says', '{ both(first: 2) { id } }', 2],
    ['are the most that arguments say', '{ both(first: 2, last: 5) { id } }', 5],
    ['are assumed without arguments', '{ both { id } }', 4],
    ['are assumed when arguments are null', '{ both(first: null) { id } }', 4],
    ['are assumed when arguments are below zero, which may mean all', '{ both(first: -1) { id } }', 4],
    ['may be zero', '{ both(first: 0) { id } }', 0],
    ["are what an argument's default says", '{ sliced { id } }', 6],
    ['are what a variable says', 'query ($n: Int!) { sliced(first: $n) { id } }', 8, { n: 8 }],
    ["are what an argument's default says when a variable is not set", 'query ($n: Int) { sliced(first: $n) { id } }', 6],
    ['are the default when a variable is null', 'query ($n: Int) { sliced(first: $n) { id } }', 10, { n: null }],
    ['are those of sized fields', '{ page(first: 3) { items { id } } }', 1 + 3],
    ['of sized fields go before what those say themselves', '{ page(first: 3) { others { id } } }', 1 + 3],
    ['of sized fields may come from nowhere', '{ page { items { id } others { id } } }', 1 + 10 + 2],
    ['are not those of other fields', '{ page(first: 3) { else { id } } }', 1 + 10],
    ['of sized fields end with the object', '{ page(first: 3) { more { items { id } } } }', 1 + 1 + 10],
    ['of sized fields are not those of the list around them', '{ pages(first: 3) { items { id } } }', 10 * (1 + 3)],
    ['reach sized fields through fragments', '{ page(first: 3) { ... { ...F } } } fragment F on Page { items { id } }', 1 + 3],
  ])('%s', (_, query, cost, variables = {}) => expect(graph.estimate(query, variables)).toBe(cost));

  it('are told as the largest that is exact, when they are beyond all measure', () => {
    const deep = '{ both(first: 2000000000) { list { list { list { list { list { list { id } } } } } } } }';
    expect(graph.estimate(deep)).toBe(2_000_000_000 * 1_111_111);
    expect(graph.estimate(deep.replaceAll('{ id }', '{ list { list { id } } }'))).toBe(MAX_COST);
  });
});

describe('one slicing argument', () => {
  const graph = costed(`
    type Query {
      strict(first: Int, last: Int): [A] @listSize(slicingArguments: ["first", "last"])
      default(first: Int = 5, last: Int): [A] @listSize(slicingArguments: ["first", "last"])
      lax(first: Int, last: Int): [A] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
      assumed: [A] @listSize(assumedSize: 3)
    }
    type A { id: ID }`);
  const NEEDS = 'Query.strict needs exactly one of "first", "last", and the operation gives';
  it.each<[string, string, string | null, Record<string, unknown>?]>([
    ['is enough', '{ strict(first: 1) { id } }', null],
    ['is missed', '{ strict { id } }', `${NEEDS} none.`],
    ['is not null', '{ strict(first: null) { id } }', `${NEEDS} none.`],
    ['is not two', '{ strict(first: 1, last: 1) { id } }', `${NEEDS} 2.`],
    ['may be in a variable', 'query ($n: Int) { strict(last: $n) { id } }', null, { n: 1 }],
    ['is not in a variable that is not set', 'query ($n: Int) { strict(last: $n) { id } }', `${NEEDS} none.`],
    ['may be a default', '{ default { id } }', null],
    ['may stand beside a default', '{ default(last: 3) { id } }', null],
    [
      'is not another beside one that differs from its default',
      '{ default(first: 4, last: 3) { id } }',
      expect.any(String) as string,
    ],
    ['is not wanted where it is not required', '{ lax { id } both: lax(first: 1, last: 2) { id } assumed { id } }', null],
    ['is not wanted of what is left out', 'query ($b: Boolean!) { strict @include(if: $b) { id } }', null, { b: false }],
    ['is wanted of what is there', 'query ($b: Boolean!) { strict @include(if: $b) { id } }', `${NEEDS} none.`, { b: true }],
  ])('%s', (_, query, problem, variables = {}) => expect(graph.problem(query, variables)).toEqual(problem));
});

/** Apollo's JavaScript composition takes neither yet, its router does. */
describe('what other composers let through', () => {
  const composed = compose({
    one: `${link('2.9', 'listSize')}
      type Query {
        search(input: Search, ids: [ID!]): [A] @listSize(assumedSize: 77)
        deep(first: Int): Deep @listSize(slicingArguments: ["first"], sizedFields: ["page"], requireOneSlicingArgument: false)
      }
      input Search { page: Page text: String }
      input Page { first: Int = 4 last: Int }
      type Deep { page: [A] results: Results }
      type Results { page: [A] }
      type A { id: ID }`,
  });
  const graph = (slice: string, sized = '"page"') =>
    costedSupergraph(
      composed
        .replace('assumedSize: 77', `slicingArguments: [${slice}]`)
        .replace('sizedFields: ["page"]', `sizedFields: [${sized}]`),
    );
  const nested = graph('"input.page.first", "input.page.last"');
  it.each<[string, number, Record<string, unknown>?]>([
    ['{ search(input: { page: { first: 3 } }) { id } }', 2 + 3],
    ['query ($n: Int) { search(input: { page: { first: $n } }) { id } }', 2 + 8, { n: 8 }],
    ['query ($i: Search) { search(input: $i) { id } }', 2 + 9, { i: { page: { first: 9 } } }],
    ['query ($i: Search) { search(input: $i) { id } }', 2 + 4, { i: { page: { last: 2 } } }],
    ['query ($i: Search) { search(input: $i) { id } }', 1 + 10, { i: { text: 'x' } }],
    ['{ search { id } }', 10],
  ])('a slicing argument in an input object: %s %#', (query, cost, variables = {}) =>
    expect(nested.estimate(query, variables)).toBe(cost),
  );

  it('needs one of those, too', () => {
    expect(nested.problem('{ search(input: { page: { last: 2 } }) { id } }')).toBe(null);
    expect(nested.problem('{ search(input: { page: { first: 1, last: 2 } }) { id } }')).toMatch('needs exactly one of');
    expect(nested.problem('{ search(input: { text: "x" }) { id } }')).toMatch('needs exactly one of');
  });

  it('a slicing argument that is a list counts its items', () => {
    expect(graph('"ids"').estimate('query ($ids: [ID!]) { search(ids: $ids) { id } }', { ids: ['a', 'b', 'c'] })).toBe(3);
  });

  it('a sized field further down', () => {
    const sized = graph('', '"page", "results { page }"');
    expect(sized.estimate('{ deep(first: 3) { page { id } results { page { id } } } }')).toBe(1 + 3 + 1 + 3);
    const shared = '{ a: deep(first: 1) { ...F } b: deep(first: 5) { ...F } } fragment F on Deep { results { page { id } } }';
    expect(sized.estimate(shared)).toBe(1 + 1 + 1 + (1 + 1 + 5));
    expect(graph('').estimate('{ deep(first: 3) { page { id } results { page { id } } } }')).toBe(1 + 3 + 1 + 10);
  });

  it('what makes no sense sizes nothing', () => {
    expect(graph('"nothing.there"').problem('{ search { id } }')).toBe(null);
    expect(graph('', '"} {"').estimate('{ deep(first: 3) { page { id } } }')).toBe(1 + 10);
  });
});

describe('fragments, conditions and types', () => {
  const graph = costed(`
    type Query { node: Node nodes: [Node] @listSize(assumedSize: 2) any: Any one: A none: Empty }
    interface Node { id: ID link: Node page(first: Int): Page listed: [Node] @listSize(assumedSize: 3) priced(of: Int @cost(weight: 6)): Int }
    interface Empty { id: ID }
    union Any = A | B | C
    type Page { items: [Int] @cost(weight: 1) }
    type A implements Node { id: ID link: Node page(first: Int): Page listed: [Node] priced(of: Int): Int a: Int @cost(weight: 5) b: B }
    type B implements Node @cost(weight: 4) { id: ID page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["items"]) link: Node @cost(weight: 9) listed: [Node] @listSize(assumedSize: 1) priced(of: Int @cost(weight: 1)): Int b: Int @cost(weight: 3) }
    type C { c: Int @cost(weight: 20) }`);
  it.each<[string, string, number, Record<string, unknown>?]>([
    [
      'fields of one name are one',
      '{ one { a } one { a b { b } } ...F } fragment F on Query { one { a b { b } } }',
      1 + 5 + (4 + 3),
    ],
    ['aliases are others', '{ one { a x: a } two: one { a } }', 1 + 5 + 5 + 1 + 5],
    ['the dearest type', '{ any { ... on A { a } ... on B { b } ... on C { c } } }', 4 + 20],
    ['the dearest type of each object', '{ nodes { ... on A { a } ... on B { b } } }', 2 * (4 + 5)],
    ['what an interface says of the arguments of its fields', '{ node { ... on A { priced(of: 1) } } }', 4 + 6],
    ['before that what the type says of its own', '{ node { ... on B { priced(of: 1) } } }', 4 + 1],
    ['of the types the dearest', '{ node { priced(of: 1) } }', 4 + 6],
    ["a list's size by type", '{ node { listed { id } } }', 4 + 3 * 4],
    ['the size of a field below by type', '{ one { id } node { page(first: 12) { items } } }', 1 + 4 + 1 + 12],
    ["a field's weight by type", '{ node { link { id } } }', 4 + 9],
    ['types that nothing has', '{ none { id } }', 0],
    ['a fragment on what cannot be there', '{ one { ... on Node { ... on B { b } } } }', 1],
    ['@skip', 'query ($b: Boolean!) { one @skip(if: $b) { a } }', 0, { b: true }],
    ['not @skip', 'query ($b: Boolean!) { one @skip(if: $b) { a } }', 6, { b: false }],
    ['@include', 'query ($b: Boolean!) { one { a @include(if: $b) } }', 1, { b: false }],
    ['literal conditions', '{ one @skip(if: false) { a @include(if: false) x: a @skip(if: true) y: a @include(if: true) } }', 6],
    [
      'conditions of fragments',
      'query ($b: Boolean = false) { ... @include(if: $b) { one { a } } ...F @skip(if: $b) } fragment F on Query { any { ... on A { a } } }',
      4 + 5,
    ],
    [
      'one of several conditions',
      'query ($b: Boolean = false, $c: Boolean = true) { one @include(if: $b) { a } one @include(if: $c) { b { b } } }',
      1 + 4 + 3,
    ],
    ['conditions that exclude each other', 'query ($b: Boolean!) { one @include(if: $b) { a @skip(if: $b) } }', 1, { b: true }],
    ['@defer', '{ one { id ... @defer { a } } }', 1 + 5],
  ])('%s', (_, query, cost, variables = {}) => expect(graph.estimate(query, variables)).toBe(cost));
});

it('a few levels of an interface with many types are worked out once', () => {
  const names = Array.from({ length: 40 }, (_, index) => `T${index}`);
  const types = names.map((name) => `type ${name} implements I { id: ID i: I is: [I] }`).join('\n');
  const graph = costed(`type Query { i: I } interface I { id: ID i: I is: [I] } ${types}`);
  let query = 'id';
  for (let level = 0; level < 25; level++) query = `i { ${query} }`;
  expect(graph.estimate(`{ ${query} }`)).toBe(25);
  expect(graph.selections(`{ ${query} }`)).toBe(26);
});

it('an operation with too much to look at costs more than any limit', () => {
  const types = Array.from({ length: 300 }, (_, index) => `type T${index} implements I { id: ID }`);
  const graph = costed(`type Query { i: I } interface I { id: ID } ${types.join(' ')}`);
  const fields = (count: number): string => Array.from({ length: count }, (_, index) => `f${index}: id`).join(' ');
  expect(graph.estimate(`{ i { ${fields(300)} } }`)).toBe(1);
  expect(graph.estimate(`{ i { ${fields(360)} } }`)).toBe(MAX_COST);
});
