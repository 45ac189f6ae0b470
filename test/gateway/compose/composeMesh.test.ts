import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { composeMesh } from '../../../gateway/compose/composeMesh.js';
import { composeOwnSupergraph } from '../../../gateway/compose/supergraphFile.js';

const HEAD = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@composeDirective", "@requiresScopes", "@shareable"])
  @link(url: "https://agent-mesh.dev/mesh/v1.0", import: ["@governed"])
  @composeDirective(name: "@governed")
"A check."
directive @governed("What." action: String!, "Then." onDeny: String) repeatable on FIELD_DEFINITION | OBJECT
`;
const LINES_BEFORE = HEAD.split('\n').length - 1;

function compose(...texts: string[]): string {
  return composeMesh(
    texts.map((text, index) => ({ name: `s${index}`, url: `http://s${index}.invalid/graphql`, typeDefs: parse(text) })),
  );
}

function problemsOf(...texts: string[]): readonly string[] {
  try {
    compose(...texts);
  } catch (error) {
    expect(error).toMatchObject({ code: 'COMPOSITION_FAILED' });
    return (error as { extensions: { problems: string[] } }).extensions.problems;
  }
  return [];
}

describe('composing', () => {
  it('gives the same text for the same sources, under the names and addresses of its subgraphs', () => {
    const text = composeOwnSupergraph();
    expect(composeOwnSupergraph()).toBe(text);
    for (const name of ['agents', 'models', 'evaluations', 'costs', 'policies', 'events'])
      expect(text).toContain(`@join__graph(name: "${name}"`);
    expect(text).toContain('http://127.0.0.1:4001/graphql');
  });

  it('tells every problem at once, of the rules and of composition', () => {
    const one = `${HEAD}type Query { "A." a: String! "B." b: T } "T." type T @key(fields: "id") { "I." id: ID! "X." x: Int }`;
    const two = `${HEAD}type Query { "C." c: T } "T." type T @key(fields: "id") { "I." id: ID! "X." x: Int }`;
    const problems = problemsOf(one, two);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(new RegExp(`^s0:${LINES_BEFORE + 1}:14: Query.a is non-null`));
    expect(problems[1]).toMatch(/T\.x.*non-shareable/s);
  });

  it('accepts what keeps the rules', () => {
    expect(
      problemsOf(`${HEAD}type Query { "A." a: [T] @governed(action: "t.read") }
        "T." type T @key(fields: "id") { "I." id: ID! "X." x: Int! "Y." y: [T]! }`),
    ).toEqual([]);
  });
});

describe('refuses', () => {
  const entity = '"T." type T @key(fields: "id") { "I." id: ID! "X." x: Int }';
  it.each([
    [
      'a non-null root field',
      'type Query { "A." a: Int! }',
      '1:14: Query.a is non-null; a root field that fails would null the whole answer',
    ],
    [
      'a non-null reference',
      `type Query { "A." a: W } ${entity} "W." type W { "R." r: T! }`,
      'W.r refers to an entity as non-null',
    ],
    [
      'non-null references in a list',
      `type Query { "A." a: W } ${entity} "W." type W { "R." r: [T!]! }`,
      'W.r refers to an entity as non-null',
    ],
    [
      'a non-null field that a denial nulls',
      'type Query { "A." a: W } "W." type W { "R." r: Int! @governed(action: "a", onDeny: "NULL") }',
      'W.r may be withheld and is non-null',
    ],
    [
      'a non-null field added to another subgraph’s entity',
      'type Query { "A." a: Int } "T." type T @key(fields: "id") { "I." id: ID! "S." spend: Int! @requiresScopes(scopes: [["costs"]]) }',
      "T.spend is added to another subgraph's entity and is non-null",
    ],
    ['what has no description', 'type Query { a: Int }', '1:14: a has no description'],
    [
      'an enum in a directive',
      'enum Level { LOW } directive @level(of: Level) on OBJECT type Query { "A." a: Int }',
      'gives @level an argument of an enum type',
    ],
  ])('%s', (_, text, problem) => {
    const found = problemsOf(HEAD + text).map((each) => each.replace(`s0:${LINES_BEFORE + 1}:`, '1:'));
    expect(found.join('\n')).toContain(problem);
  });

  it('a directive that composition would drop without a word', () => {
    const text = HEAD.replace('@composeDirective(name: "@governed")', '');
    expect(problemsOf(`${text}type Query { "A." a: Int @governed(action: "x") }`)[0]).toMatch(
      /^s0:\d+:\d+: applies @governed without @composeDirective\(name: "@governed"\)/,
    );
  });

  it('another version of the specification, and renamed imports', () => {
    const text = `${HEAD}type Query { "A." a: Int }`;
    expect(problemsOf(text.replace('mesh/v1.0', 'mesh/v2.0')).join('\n')).toContain(
      'links https://agent-mesh.dev/mesh/v2.0; every subgraph links https://agent-mesh.dev/mesh/v1.0',
    );
    expect(problemsOf(text.replace('["@governed"]', '[{ name: "@governed", as: "@guard" }]')).join('\n')).toContain(
      'renames what it imports',
    );
  });
});
