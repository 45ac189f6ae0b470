import {
  getIntrospectionQuery,
  introspectionFromSchema,
  lexicographicSortSchema,
  parse,
  printSchema,
  type IntrospectionQuery,
} from 'graphql';
import { composeServices } from '@apollo/composition';
import { describe, expect, it } from 'vitest';
import { createPlanner } from '../../../gateway/planner/createPlanner.js';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { printPlan } from '../../../gateway/planner/printPlan.js';
import { federate, link } from '../../support/federate.js';

const VERSIONS = Array.from({ length: 12 }, (_, minor) => `2.${minor}`);

describe('every version of federation', () => {
  it.each(VERSIONS)('%s composes, loads and runs', async (version) => {
    const { run } = federate({
      one: [
        `${link(version, 'key', 'shareable')} type Query { t: T } type T @key(fields: "id") { id: ID! a: Int s: Int @shareable }`,
        { Query: { t: () => ({ id: '1', a: 1, s: 3 }) } },
      ],
      two: [
        `${link(version, 'key', 'shareable', 'requires', 'external')} type T @key(fields: "id") { id: ID! a: Int @external b: Int @requires(fields: "a") s: Int @shareable }`,
        { T: { __resolveReference: (reference: object) => reference, b: ({ a }: { a: number }) => a + 1 } },
      ],
    });
    expect(await run('{ t { a b s } }')).toEqual({ data: { t: { a: 1, b: 2, s: 3 } } });
  });

  it('may differ from subgraph to subgraph', async () => {
    const { run } = federate(
      Object.fromEntries(
        VERSIONS.map((version, index) => [
          `s${index}`,
          [
            `${link(version, 'key')} type Query { from${index}: T } type T @key(fields: "id") { id: ID! f${index}: Int }`,
            {
              Query: { [`from${index}`]: () => ({ id: '1' }) },
              T: { __resolveReference: (reference: object) => reference, [`f${index}`]: () => index },
            },
          ] as const,
        ]),
      ),
    );
    expect(await run(`{ from3 { ${VERSIONS.map((_, index) => `f${index}`).join(' ')} } }`)).toEqual({
      data: { from3: Object.fromEntries(VERSIONS.map((_, index) => [`f${index}`, index])) },
    });
  });
});

const planOf = (sdl: string): string => printPlan(createPlanner(loadSupergraph(sdl)).plan(parse('{ t { x } }')));

describe('versions of the join specification', () => {
  it('loads what composition of Federation 1 wrote', () => {
    const sdl = `schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
      directive @core(feature: String!) repeatable on SCHEMA
      directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) on FIELD_DEFINITION
      directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE
      directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
      directive @join__graph(name: String!, url: String!) on ENUM_VALUE
      scalar join__FieldSet
      enum join__Graph { A @join__graph(name: "a", url: "http://a.invalid") B @join__graph(name: "b", url: "http://b.invalid") }
      type Query { t: T @join__field(graph: A) }
      type T @join__owner(graph: A) @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! @join__field(graph: A) x: Int @join__field(graph: B) }`;
    expect(planOf(sdl)).toMatch(/fetch from a\n[^]*at t\n {4}fetch from b/);
  });

  it.each(['v0.1', 'v0.2'])('%s, as older composition wrote it, are planned for', (version) => {
    const extension = version === 'v0.1' ? '' : ', extension: Boolean! = false, resolvable: Boolean! = true';
    const sdl = `schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/${version}", for: EXECUTION) { query: Query }
      directive @join__field(graph: join__Graph!, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
      directive @join__graph(name: String!, url: String!) on ENUM_VALUE
      directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
      directive @join__type(graph: join__Graph!, key: join__FieldSet${extension}) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
      directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
      scalar join__FieldSet scalar link__Import enum link__Purpose { SECURITY EXECUTION }
      enum join__Graph { A @join__graph(name: "a", url: "http://a.invalid") B @join__graph(name: "b", url: "http://b.invalid") }
      type Query @join__type(graph: A) @join__type(graph: B) { t: T @join__field(graph: A) }
      type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! x: Int @join__field(graph: B) }`;
    expect(planOf(sdl)).toMatch(/fetch from a\n[^]*at t\n {4}fetch from b/);
  });
});

describe('root types', () => {
  it('may have other names in a subgraph', async () => {
    const { run, supergraph } = federate({
      one: [
        `schema { query: RootQuery mutation: RootMutation } ${link('2.8', 'key', 'shareable')}
         type RootQuery { a: Int again: RootQuery } type RootMutation { set(to: Int = 1): Int }`,
        { RootQuery: { a: () => 1, again: () => ({}) }, RootMutation: { set: (_: unknown, { to }: { to: number }) => to } },
      ],
      two: [
        `${link('2.8', 'key')} type Query { b: Int } type Mutation { unset: Int }`,
        { Query: { b: () => 2 }, Mutation: { unset: () => 0 } },
      ],
    });
    expect(await run('{ __typename a b again { __typename a b } }')).toEqual({
      data: { __typename: 'Query', a: 1, b: 2, again: { __typename: 'Query', a: 1, b: 2 } },
    });
    expect(await run('mutation { set unset two: set(to: 2) }')).toEqual({ data: { set: 1, unset: 0, two: 2 } });
    expect(supergraph.apiSchema.getQueryType()!.name).toBe('Query');
  });
});

describe('the schema that clients see', () => {
  const services = [
    {
      name: 'one',
      url: 'http://one.invalid',
      typeDefs: parse(`${link('2.11', 'key', 'inaccessible', 'tag', 'shareable')}
        "the root" type Query { "a thing" thing(by: By = { id: 1, tags: ["a"] }, kind: Kind = OLD): Thing list: [[Thing!]!]! }
        interface Thing { id: ID! } type A implements Thing @key(fields: "id") { id: ID! more(from: Float = 1.5): String @deprecated }
        union AB = A | B type B implements Thing @key(fields: "id") { id: ID! ab: AB kinds: [Kind!] @shareable }
        input By { id: ID tags: [String!] = [] hidden: Int @inaccessible } enum Kind { OLD @deprecated(reason: "new") NEW @tag(name: "n") } scalar When`),
    },
    {
      name: 'two',
      url: 'http://two.invalid',
      typeDefs: parse(
        `${link('2.11', 'key', 'shareable')} type B @key(fields: "id") { id: ID! when: When kinds: [Kind!] @shareable } scalar When enum Kind { OLD NEW }`,
      ),
    },
  ];
  const composed = composeServices(services);
  const { apiSchema } = loadSupergraph(composed.supergraphSdl!);

  it('is the one that composition gives, and @defer', () => {
    const expected = composed.schema!.toAPISchema().toGraphQLJSSchema({ includeDefer: true });
    expect(printSchema(lexicographicSortSchema(apiSchema))).toBe(printSchema(lexicographicSortSchema(expected)));
  });

  it('is what introspection tells', async () => {
    const { run } = federate({
      one: [`${link('2.11', 'key')} type Query { a: Int }`],
      two: [`${link('2.11', 'key')} type Query { "says b" b(x: [Int] = [1]): String }`],
    });
    const { data } = await run(
      getIntrospectionQuery({
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        inputValueDeprecation: true,
        schemaDescription: true,
      }),
    );
    const told = data as unknown as IntrospectionQuery;
    expect(told.__schema.types.filter(({ name }) => /^(join|link|_)[A-Z_]/.test(name) && !name.startsWith('__'))).toEqual([]);
    const expected = introspectionFromSchema(apiSchema, { inputValueDeprecation: true });
    expect(told.__schema.directives.map(({ name }) => name).toSorted()).toEqual(
      expected.__schema.directives.map(({ name }) => name).toSorted(),
    );
  });
});

describe('enums and inputs that subgraphs declare differently', () => {
  const { run } = federate({
    one: [
      `${link('2.8', 'key')} type Query { in(filter: Filter, level: Level): String out: Rank }
       input Filter { a: Int b: Int } enum Level { LOW HIGH } enum Rank { FIRST SECOND }`,
      { Query: { in: (_: unknown, args: object) => JSON.stringify(args), out: () => 'SECOND' } },
    ],
    two: [
      `${link('2.8', 'key')} type Query { too(filter: Filter, level: Level): String also: Rank }
       input Filter { a: Int c: Int } enum Level { LOW MAX } enum Rank { FIRST THIRD }`,
      { Query: { too: (_: unknown, args: object) => JSON.stringify(args), also: () => 'THIRD' } },
    ],
  });

  it('take what all of them take', async () => {
    expect(await run('query ($f: Filter) { in(filter: $f, level: LOW) too(filter: { a: 2 }) }', { f: { a: 1 } })).toEqual({
      data: { in: '{"filter":{"a":1},"level":"LOW"}', too: '{"filter":{"a":2}}' },
    });
  });

  it.each(['{ in(level: HIGH) }', '{ too(level: MAX) }', '{ in(filter: { b: 1 }) }', '{ too(filter: { c: 1 }) }'])(
    'refuse %s',
    async (query) => {
      await expect(run(query)).rejects.toThrow(/HIGH|MAX|"b"|"c"/);
    },
  );

  it('refuse it inside variables', async () => {
    await expect(run('query ($l: Level) { in(level: $l) }', { l: 'HIGH' })).rejects.toThrow(/HIGH/);
    await expect(run('query ($f: Filter) { in(filter: $f) }', { f: { b: 1 } })).rejects.toThrow(/"b"/);
  });

  it('give what any of them gives', async () => {
    expect(await run('{ out also }')).toEqual({ data: { out: 'SECOND', also: 'THIRD' } });
  });
});
