import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { DeferNode, PlanNode } from '../../../gateway/planner/federation.js';
import { printPlan } from '../../../gateway/planner/printPlan.js';
import { federate, link } from '../../support/federate.js';

const blog = federate({
  posts: [
    `${link('2.8', 'key')} type Query { posts: [Post] post: Post } type Mutation { publish: Post }
     type Post @key(fields: "id") { id: ID! title: String }`,
  ],
  authors: [
    `${link('2.8', 'key')} type Query { me: Author } type Post @key(fields: "id") { id: ID! author: Author }
     type Author @key(fields: "id") { id: ID! name: String }`,
  ],
  stats: [
    `${link('2.8', 'key')} type Post @key(fields: "id") { id: ID! views: Int }
     type Author @key(fields: "id") { id: ID! fame: Int }`,
  ],
});

const plan = (query: string, defer = true) => blog.planner.plan(parse(query), undefined, { defer });
const only = (query: string): PlanNode => {
  const { segments } = plan(query);
  expect(segments).toHaveLength(1);
  return segments[0]!.node!;
};
const deferOf = (query: string): DeferNode => {
  const node = only(query);
  if (node.kind !== 'Defer') throw new Error(`a plan of kind ${node.kind}`);
  return node;
};

describe('an operation with @defer', () => {
  it('is planned as a first part and later ones, each with its label, its place and what it waits for', () => {
    const { primary, deferred } = deferOf(
      '{ posts { id ... @defer(label: "numbers") { views } ... @defer(label: "who") { author { name } } } }',
    );
    expect(primary.subselection).toMatch(/^\{ ?posts ?\{ ?id ?\} ?\}$/);
    const parts = deferred.toSorted((one, other) => one.label!.localeCompare(other.label!));
    expect(parts.map(({ label, queryPath, depends }) => [label, queryPath, depends.length])).toEqual([
      ['numbers', ['posts'], 1],
      ['who', ['posts'], 1],
    ]);
    expect(parts[0]!.node).toMatchObject({ kind: 'Flatten', path: ['posts', '@'], node: { serviceName: 'stats' } });
    expect(parts[1]!.node).toMatchObject({ kind: 'Flatten', node: { serviceName: 'authors' } });
  });

  it('nests later parts', () => {
    const { deferred } = deferOf(
      '{ post { id ... @defer(label: "outer") { author { id ... @defer(label: "inner") { fame } } } } }',
    );
    expect(deferred).toHaveLength(1);
    expect(deferred[0]).toMatchObject({ label: 'outer', node: { kind: 'Defer' } });
    expect((deferred[0]!.node as DeferNode).deferred[0]).toMatchObject({ label: 'inner', queryPath: ['post', 'author'] });
  });

  it('keeps one fragment at the root one part, whatever it selects', () => {
    const { deferred } = deferOf('{ post { id } ... @defer(label: "rest") { me { id } posts { title } } }');
    expect(deferred.map(({ label }) => label)).toEqual(['rest']);
    const [inner] = deferOf(
      'query ($a: Boolean!) { post { id } ... @defer(label: "x") { me { id } ... @include(if: $a) { posts { title } } } }',
    ).deferred;
    expect(inner!.label).toBe('x');
  });

  it('is planned both ways where a variable decides', () => {
    const node = only('query ($later: Boolean!) { post { id ... @defer(if: $later, label: "v") { views } } }');
    expect(node).toMatchObject({
      kind: 'Condition',
      condition: 'later',
      ifClause: { kind: 'Defer' },
      elseClause: { kind: 'Sequence' },
    });
    expect(printPlan(plan('query ($later: Boolean!) { post { id ... @defer(if: $later, label: "v") { views } } }'))).toMatch(
      /^if \$later\n {2}first\n[^]*\n {2}later "v" at post, after #0\n[^]*\nunless \$later\n {2}in order\n/,
    );
  });

  it('is planned for one answer where `if` is false, and for parts where it is true', () => {
    expect(only('{ post { id ... @defer(if: false) { views } } }').kind).toBe('Sequence');
    expect(only('{ post { id ... @defer(if: true) { views } } }').kind).toBe('Defer');
  });

  it('is planned for one answer unless parts are asked for, exactly as without', () => {
    const without = plan('{ post { id ... { views author { name } } } }', false);
    expect(plan('{ post { id ... @defer { views author { name } } } }', false)).toEqual(without);
    expect(plan('{ post { id ... @defer { views author { name } } } }', false).segments[0]!.node!.kind).toBe('Sequence');
    expect(plan('{ post { id ... { views author { name } } } }', true)).toEqual(without);
  });

  it('keeps both plans', () => {
    const document = parse('{ post { id ... @defer { views } } }');
    const [parts, whole] = [true, false].map((defer) => blog.planner.plan(document, undefined, { defer }));
    expect(blog.planner.plan(document, undefined, { defer: true })).toBe(parts);
    expect(blog.planner.plan(document)).toBe(whole);
  });

  it('defers nothing that comes with the first fetch, and says so', () => {
    const { deferred } = deferOf('{ post { id ... @defer { title } } }');
    expect(deferred[0]!.subselection).toMatch(/title/);
  });
});

describe('@defer', () => {
  it('is known to the schema that clients see', () => {
    expect(validate(blog.supergraph.apiSchema, parse('{ post { ... @defer(if: true, label: "a") { id } } }'))).toEqual([]);
  });

  it.each([
    ['a label twice', '{ post { ... @defer(label: "a") { id } } me { ... @defer(label: "a") { id } } }', 'used twice'],
    ['a variable as label', 'query ($l: String) { post { ... @defer(label: $l) { id } } }', 'written as a string'],
    ['the root of a mutation', 'mutation { ... @defer { publish { id } } }', 'root of a mutation'],
  ])('is refused with %s', (_, query, message) => {
    expect(() => plan(query)).toThrow(
      expect.objectContaining({ code: 'GRAPHQL_VALIDATION_FAILED', message: expect.stringContaining(message) }),
    );
  });

  it('may stand below the root of a mutation', () => {
    expect(only('mutation { publish { id ... @defer { views } } }').kind).toBe('Defer');
  });
});
