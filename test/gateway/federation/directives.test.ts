import { parse, printSchema, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { compose, federate, link } from '../../support/federate.js';

const cached = (name: string) => `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@composeDirective", "@tag", "@cost", "@listSize", "@shareable"])
    @link(url: "https://example.com/cached/v1.0", import: ["@cached", "@traced"])
    @composeDirective(name: "@cached") @composeDirective(name: "@traced")
  directive @cached(seconds: Int! = 60) on FIELD_DEFINITION
  directive @traced(level: Level = LOW, every: [Int!] = [1, 2]) repeatable on FIELD | QUERY | FRAGMENT_SPREAD | INLINE_FRAGMENT
  enum Level { LOW HIGH }
  type Query { ${name}: T @shareable }
  type T @key(fields: "id") @tag(name: "team") {
    id: ID!
    ${name}Field(max: Int = 3 @tag(name: "arg") @cost(weight: 2)): [Int] @cached @tag(name: "public") @tag(name: "${name}") @cost(weight: 5) @listSize(slicingArguments: ["max"], requireOneSlicingArgument: false)
    old: Int @shareable @deprecated(reason: "use another")
    when: Date @shareable
  }
  scalar Date @specifiedBy(url: "https://example.com/date")`;

const resolvers = (name: string) => ({
  Query: { [name]: () => ({ id: 't', old: 1, when: '2026-01-01' }) },
  T: { __resolveReference: (reference: object) => reference, [`${name}Field`]: (_: unknown, { max }: { max: number }) => [max] },
});
const both = federate({ one: [cached('one'), resolvers('one')], two: [cached('two'), resolvers('two')] });

describe('directives of the schema', () => {
  it('of federation survive composition and are readable on each field', () => {
    const names = (...at: [string, string?]) => both.supergraph.directivesOn(...at).map(({ name, args }) => [name, args]);
    expect(names('T', 'oneField')).toEqual(
      expect.arrayContaining([
        ['tag', { name: 'public' }],
        ['tag', { name: 'one' }],
        ['cost', { weight: 5 }],
        ['listSize', expect.objectContaining({ slicingArguments: ['max'], requireOneSlicingArgument: false })],
      ]),
    );
    expect(names('T')).toEqual(expect.arrayContaining([['tag', { name: 'team' }]]));
  });

  it('of others survive in the supergraph', () => {
    expect(both.sdl).toMatch(/oneField[^\n]*@cached/);
  });

  it('show clients only what is theirs: deprecations, scalars, defaults', () => {
    const text = printSchema(both.supergraph.apiSchema);
    expect(text).toContain('old: Int @deprecated(reason: "use another")');
    expect(text).toContain('scalar Date @specifiedBy(url: "https://example.com/date")');
    expect(text).toContain('oneField(max: Int = 3): [Int]');
    expect(text).not.toMatch(/@(tag|cost|listSize|cached|key|link)\b/);
  });

  it('change nothing about how it runs', async () => {
    expect(await both.run('{ one { oneField twoField(max: 7) old when } }')).toEqual({
      data: { one: { oneField: [3], twoField: [7], old: 1, when: '2026-01-01' } },
    });
  });
});

describe('directives for operations', () => {
  it('may be used by clients, and are validated', () => {
    const { apiSchema } = both.supergraph;
    expect(
      validate(apiSchema, parse('query @traced { one @traced(level: HIGH) @traced(every: [3]) { ... @traced { id } } }')),
    ).toEqual([]);
    expect(validate(apiSchema, parse('{ one @traced(level: MAX) { id } }')).length).toBe(1);
    expect(validate(apiSchema, parse('{ one @cached { id } }')).length).toBe(1);
  });

  it('reach the subgraphs with their defaults', async () => {
    const before = both.asked.length;
    expect(
      await both.run('query ($e: [Int!]) { one { oneField @traced(every: $e) twoField @traced(level: HIGH) } }', { e: [9] }),
    ).toEqual({
      data: { one: { oneField: [3], twoField: [3] } },
    });
    expect(both.asked.slice(before).join('\n')).toMatch(
      /oneField@traced\(every:\$e level:LOW\)[^]*twoField@traced\(level:HIGH every:\[1 2\]\)/,
    );
  });
});

it('a field that one subgraph marks as shareable and another tags is one field', () => {
  const text = compose({
    one: `${link('2.11', 'shareable', 'tag')} type Query { a: Int @shareable @tag(name: "x") }`,
    two: `${link('2.11', 'shareable', 'tag')} type Query { a: Int @shareable @tag(name: "y") }`,
  });
  expect(loadSupergraph(text).directivesOn('Query', 'a')).toEqual([
    { name: 'tag', args: { name: 'x' } },
    { name: 'tag', args: { name: 'y' } },
  ]);
});
