import fc from 'fast-check';
import {
  execute,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  parse,
  validate,
  type ExecutionResult,
  type GraphQLCompositeType,
  type GraphQLSchema,
} from 'graphql';
import { expect, it } from 'vitest';
import { executeOperation } from '../../../gateway/execution/executeOperation.js';
import { parsed } from '../../../gateway/execution/Outcome.js';
import { mergeInto } from '../../../gateway/execution/Target.js';
import { coerceVariables } from '../../../gateway/pipeline/handleOperation.js';
import { createPlanner } from '../../../gateway/planner/createPlanner.js';
import { errorPlaces } from '../../support/errorPlaces.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import { makeShop } from '../../support/shop.js';

const shop = makeShop();
const { rootValue } = makeShop();
const planner = createPlanner(shop.supergraph);

async function ours(query: string, variables: Record<string, unknown> = {}, clients = shop.clients) {
  const { supergraph } = shop;
  const document = parse(query);
  const outcome = await executeOperation({
    supergraph,
    plan: planner.plan(document),
    document,
    variables,
    coerced: coerceVariables({ schema: supergraph.apiSchema, document, variables }),
    clients,
    context: anonymousContext(),
  });
  const printed = outcome.print();
  expect(JSON.stringify(outcome.shape().data), query).toBe(JSON.stringify(parsed(printed).data));
  return parsed(printed);
}

async function monolith(query: string, variables: Record<string, unknown> = {}): Promise<ExecutionResult> {
  const { apiSchema: schema } = shop.supergraph;
  // Abstract types are resolved by the __typename that every object carries.
  return execute({ schema, document: parse(query), rootValue, variableValues: variables });
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function expectSame(query: string, variables: Record<string, unknown> = {}): Promise<void> {
  const [mine, theirs] = await Promise.all([ours(query, variables), monolith(query, variables)]);
  expect(plain(mine.data), query).toEqual(plain(theirs.data));
  expect(JSON.stringify(mine.data)).toBe(JSON.stringify(theirs.data));
  expect(errorPlaces(mine), query).toEqual(errorPlaces(theirs));
}

it.each([
  [
    'fields across subgraphs',
    '{ me { id name reviews { text by { name email } of { ... on Book { pages shipping } ... on Chair { legs shipping } } } } }',
  ],
  ['aliases and repeated fields', '{ a: me { x: name(upper: true) y: name } b: me { id } a: me { bought { label } } }'],
  [
    'lists with nulls and nested lists',
    '{ products { id label } matrix { id __typename ... on Book { shipping reviews { id } } } }',
  ],
  [
    'unions and interfaces',
    '{ search { __typename ... on Node { id } ... on User { reviews { id } } ... on Book { author { name friends { id } } } } nodes { label } }',
  ],
  ['errors in lists', '{ users { id broken reviews { text } } }'],
  ['non-null errors that pass up', '{ users { id brokenStrict } me { id } }'],
  ['a null entity', '{ nobody { reviews { id } } user(id: "none") { name } }'],
  ['an entity known by its interface only', '{ stocked { id stock } heaviest { reserved ... on Product { stock } } }'],
  ['the type of such an entity', '{ stocked { __typename stock } heaviest { t: __typename id ... on Product { id } } }'],
  [
    'fields of such an entity from elsewhere',
    '{ stocked { label stock ... on Book { pages shipping stock } ... on Chair { legs } } heaviest { ... on Product { label } } }',
  ],
  [
    'fields that a subgraph adds to an interface',
    '{ products { stock ... on Chair { reserved } } search { ... on Book { stock } } }',
  ],
  [
    'aliases that are names of keys and of what is required',
    '{ me { email: name id: __typename reviews { id } } products { price: label ... on Book { weight: price shipping } } }',
  ],
  ['an alias that is __typename', '{ me { __typename: name reviews { text } } products { __typename: label stock } }'],
  ['one alias of different fields on different types', '{ nodes { ... on Book { a: price stock } ... on Chair { a: stock } } }'],
  [
    'arguments unlike those of what is required',
    '{ products { ... on Book { cost duty gbp: cost(currency: "GBP") reviews { of { ... on Book { duty cost(currency: "EUR") } } } } } }',
  ],
  [
    'the root again under the items of a list',
    '{ users { id query { latest { text by { name } } shop { name motto } me { reviews { id } } } } }',
  ],
  ['errors of the root under the items of a list', '{ users { query { shop { broken motto } } } }'],
  ['an object that two subgraphs share', '{ shop { name motto broken } }'],
  [
    'fields that require another one with different arguments',
    '{ products { id ...B } me { bought { ...B } } search { ... on Book { toll } } } fragment B on Book { duty toll cost label }',
  ],
  ['one of these left out', '{ products { ... on Book { duty toll @skip(if: true) } } }'],
  ['introspection beside data', '{ __typename __type(name: "User") { name fields { name } } me { __typename } }'],
  [
    'named fragments',
    'query { me { ...U friends { ...U } } } fragment U on User { id name bought { ...P } } fragment P on Product { id price }',
  ],
])('answers like one schema: %s', async (_, query) => {
  await expectSame(query);
});

it('answers like one schema: variables, skipped and included parts', async () => {
  const query = `query ($id: ID!, $yes: Boolean!, $no: Boolean!, $max: Int) {
    user(id: $id) { name @include(if: $yes) email @skip(if: $yes) reviews(max: $max) @include(if: $yes) { id of @skip(if: $no) { __typename } } bought @include(if: $no) { id } } }`;
  await expectSame(query, { id: 'u1', yes: true, no: false, max: 1 });
  await expectSame(query, { id: 'u1', yes: false, no: true });
});

it('runs mutations in order', async () => {
  const { data } = await ours(
    'mutation { a: rename(id: "u1", name: "x") { name } b: rename(id: "u2", name: "y") { name email } c: rename(id: "u1", name: "z") { name } }',
  );
  expect(data).toMatchObject({ a: { name: 'u1=x' }, b: { name: 'u1=x u2=y' }, c: { name: 'u1=x u2=y u1=z' } });
});

it('refuses, where it would have an effect twice, what must be read in two parts', async () => {
  const rename = (fields: string) => `mutation { rename(id: "u1", name: "x") { bought { ... on Book { ${fields} } } } }`;
  await expect(ours(rename('duty toll'))).rejects.toMatchObject({
    code: 'PLANNING_FAILED',
    message: expect.stringMatching(/query/),
  });
  expect((await ours(rename('duty'))).errors).toBeUndefined();
});

it('keeps what hidden fields are to itself', async () => {
  const errors = validate(shop.supergraph.apiSchema, parse('{ me { email2 } }'));
  expect(errors[0]!.message).toContain('Cannot query field "email2"');
});

it('locates the failure of a whole subgraph at every field that it would have given, and its siblings survive', async () => {
  const clients = new Map(shop.clients).set('reviews', {
    request: () => Promise.reject(new Error('down')),
    close: async () => undefined,
  });
  const result = await ours('{ users { id reviews { id } } latest { text } me { name } }', {}, clients);
  expect(result.data).toEqual({
    users: [1, 2, 3].map((n) => ({ id: `u${n}`, reviews: null })),
    latest: null,
    me: { name: 'Ada' },
  });
  expect(errorPlaces(result)).toEqual(['latest', 'users.0.reviews', 'users.1.reviews', 'users.2.reviews']);
  for (const error of result.errors!) expect(error.extensions).toEqual({ code: 'SUBREQUEST_FAILED', service: 'reviews' });
});

it('answers what needs no type of entities whose type cannot be had, and nothing that does', async () => {
  const clients = new Map(shop.clients).set('products', {
    request: () => Promise.reject(new Error('down')),
    close: async () => undefined,
  });
  expect(await ours('{ stocked { id stock } }', {}, clients)).toEqual({
    data: { stocked: [{ id: 'b1', stock: 3 }, null, { id: 'c1', stock: 0 }, { id: 'b2', stock: null }] },
  });
  for (const field of ['__typename', '... on Book { stock }']) {
    const { data, errors } = await ours(`{ heaviest { id ${field} } }`, {}, clients);
    expect(data).toEqual({ heaviest: null });
    expect(errors).toMatchObject([{ path: ['heaviest'], extensions: { code: 'SUBREQUEST_FAILED', service: 'products' } }]);
  }
  const skipped = 'query ($no: Boolean!) { heaviest { stock __typename @include(if: $no) } }';
  expect(await ours(skipped, { no: false }, clients)).toEqual({ data: { heaviest: { stock: 3 } } });
});

it('tells of errors in the words of the client, whatever a field is fetched as', async () => {
  const query = '{ users { email: broken reviews { id } } me { id: brokenStrict } }';
  await expectSame(query);
  const { errors } = await ours(query);
  expect(errors!.map(({ path }) => path!.join('.'))).toContain('users.0.email');
});

it('explains by one failure what a subgraph leaves open in any number of entities, and blames none for its data', async () => {
  const many = Array.from({ length: 1_000 }, (_, n) => ({ __typename: 'Book', id: `b${n}` }));
  const clients = new Map(shop.clients)
    .set('products', { request: async () => ({ data: { products: many } }), close: async () => undefined })
    .set('stock', { request: () => Promise.reject(new Error('down')), close: async () => undefined });
  const { data, errors } = await ours('{ products { id reserved } }', {}, clients);
  expect(data).toEqual({ products: many.map(() => null) });
  expect(errors).toHaveLength(100);
  expect(new Set(errors!.map(({ extensions }) => extensions!['code']))).toEqual(new Set(['SUBREQUEST_FAILED']));
});

it('keeps what one subgraph gave of a shared object when another has failed', async () => {
  for (const delay of [false, true]) {
    const late = () => new Promise((resolve) => setImmediate(resolve));
    const clients = new Map(shop.clients).set('reviews', {
      request: async () => {
        if (delay) await late();
        return { data: { shop: null }, errors: [{ message: 'down', path: ['shop'] }] };
      },
      close: async () => undefined,
    });
    const { data, errors } = await ours('{ shop { name motto } }', {}, clients);
    expect(data).toEqual({ shop: { name: 'Shop', motto: null } });
    expect(errors).toMatchObject([{ message: 'down', path: ['shop'] }]);
  }
});

it('refuses data that does not fit the schema, and keeps the rest', async () => {
  const clients = new Map(shop.clients).set('users', {
    request: async () => ({
      data: { me: { __typename: 'User', id: { not: 'an id' }, name: ['a', 'list'], email: 'e', extra: 1 }, users: 'none' },
    }),
    close: async () => undefined,
  });
  const result = await ours('{ me { id email } nobody { id } other: me { email } }', {}, clients);
  expect(result.data).toEqual({ me: null, nobody: null, other: null });
  expect(result.errors).toMatchObject([{ path: ['me', 'id'], extensions: { code: 'INVALID_SUBGRAPH_DATA' } }]);
});

async function withSubgraph(name: string, response: object, query: string) {
  const { supergraph } = shop;
  const clients = new Map(shop.clients).set(name, { request: async () => response as never, close: async () => undefined });
  const document = parse(query);
  const plan = planner.plan(document);
  const outcome = await executeOperation({
    supergraph,
    plan,
    document,
    variables: {},
    coerced: {},
    clients,
    context: anonymousContext(),
  });
  return outcome.shape();
}

it.each([
  ['too few', []],
  ['what is no entity', ['x', 5, true, 'y', 'z', 1, 2, 3]],
])('says so when a subgraph answers %s of the entities that it was asked for', async (_, entities) => {
  const result = await withSubgraph('reviews', { data: { _entities: entities } }, '{ me { id reviews { id } } }');
  expect(result.data).toEqual({ me: { id: expect.any(String), reviews: null } });
  expect(result.errors).toMatchObject([
    { path: ['me', 'reviews'], extensions: { code: 'INVALID_SUBGRAPH_DATA', service: 'reviews' } },
  ]);
});

it('blames nobody a second time for what a null took with it', async () => {
  const failed = { data: null, errors: [{ message: 'no', path: ['users'], extensions: { code: 'BROKEN' } }] };
  const result = await withSubgraph('users', failed, '{ me { id } users { id } }');
  expect(result.errors).toMatchObject([{ path: ['users'], extensions: { code: 'BROKEN' } }]);
  expect(result.errors).toHaveLength(1);
});

it('never lets what a subgraph says change the prototype of objects', async () => {
  const evil = JSON.parse('{"shop": {"name": "x", "__proto__": {"polluted": true}}}') as object;
  await withSubgraph('users', { data: evil }, '{ shop { name motto } }');
  mergeInto({ a: {} }, JSON.parse('{"a": {"__proto__": {"polluted": true}}}') as Record<string, unknown>, () => false);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

it('answers random operations like one schema', async () => {
  const { apiSchema } = shop.supergraph;
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), async (stream) => {
      const numbers = stream[Symbol.iterator]();
      const pick = (below: number): number => (numbers.next().value as number) % below;
      const query = `{ ${selection(apiSchema, apiSchema.getQueryType()!, 4, pick)} }`;
      if (validate(apiSchema, parse(query)).length > 0) return;
      answered++;
      await expectSame(query);
    }),
    { numRuns: Number(process.env['RUNS'] ?? 150) },
  );
  expect(answered).toBeGreaterThan(50);
}, 60_000);

/** A random selection on a type: fields with aliases, fragments on possible types, arguments as literals. */
function selection(schema: GraphQLSchema, type: GraphQLCompositeType, depth: number, pick: (below: number) => number): string {
  const parts: string[] = ['__typename'];
  const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
  for (let count = 1 + pick(4); count > 0 && fields.length > 0; count--) {
    const field = fields[pick(fields.length)]!;
    const inner = getNamedType(field.type);
    if (isCompositeType(inner) && depth === 0) continue;
    const alias = pick(3) === 0 ? `${pick(4) === 0 ? ['id', 'email', 'price', 'cost'][pick(4)]! : `a${pick(9)}`}: ` : '';
    const args = field.args.length === 0 ? '' : `(${field.args.map(({ name }) => `${name}: ${literal(name, pick)}`).join(', ')})`;
    parts.push(
      `${alias}${field.name}${args}${isCompositeType(inner) ? ` { ${selection(schema, inner, depth - 1, pick)} }` : ''}`,
    );
  }
  if (isAbstractType(type)) {
    for (const possible of schema.getPossibleTypes(type)) {
      if (isObjectType(possible) && pick(2) === 0)
        parts.push(`... on ${possible.name} { ${selection(schema, possible, Math.max(0, depth - 1), pick)} }`);
    }
  }
  return parts.join(' ');
}

function literal(argument: string, pick: (below: number) => number): string {
  if (argument === 'currency') return ['"EUR"', '"USD"', '"GBP"'][pick(3)]!;
  if (argument === 'upper') return pick(2) ? 'true' : 'false';
  if (argument === 'first' || argument === 'max') return String(pick(4));
  return `"u${1 + pick(3)}"`;
}
