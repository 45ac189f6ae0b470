import { describe, expect, it } from 'vitest';
import { parse, type OperationDefinitionNode } from 'graphql';
import { needsTypeConditions } from '../../../gateway/planner/typeConditions.js';
import { federate, link } from '../../support/federate.js';

const shelves = federate({
  a: [
    `${link('2.8', 'key')} type Query { nodes: [Node] groups: [[Node]] }
     interface Node { id: ID! }
     type A implements Node { id: ID! item: Item items: [Item] boss: Boss }
     type B implements Node { id: ID! item: Item items: [Item] boss: Boss } type Boss @key(fields: "id") { id: ID! }
     type C implements Node { id: ID! item: Item }
     type Item @key(fields: "id") { id: ID! next: Item }`,
    {
      Query: { nodes: () => nodes, groups: () => [[nodes[0]], [nodes[1], null]] },
      Item: { next: ({ id }: { id: string }) => ({ id: `${id}+` }) },
    },
  ],
  c: [
    `${link('2.8', 'key')} type Boss @key(fields: "id") { id: ID! desk: Item } type Item @key(fields: "id", resolvable: false) { id: ID! }`,
    { Boss: { __resolveReference: (boss: object) => boss, desk: () => ({ id: 'desk' }) } },
  ],
  b: [
    `${link('2.8', 'key')} type Item @key(fields: "id") { id: ID! stars(of: Int): String moons: String }`,
    {
      Item: {
        __resolveReference: (item: object) => item,
        stars: ({ id }: { id: string }, { of }: { of: number }) => `${of} stars of ${id}`,
        moons: ({ id }: { id: string }) => `moons of ${id}`,
      },
    },
  ],
});
const item = { id: 'i' };
const nodes = [
  { __typename: 'A', id: 'a', item, items: [item, { id: 'j' }], boss: { id: 'boss' } },
  { __typename: 'B', id: 'b', item, items: [item], boss: { id: 'boss' } },
  { __typename: 'C', id: 'c', item },
];

function needed(query: string): boolean {
  const document = parse(query);
  return needsTypeConditions(document, shelves.supergraph.apiSchema, document.definitions[0] as OperationDefinitionNode);
}

describe('one response name with two meanings, depending on a type further out', () => {
  it('gets each object what its own type asks for', async () => {
    const query = `{ nodes { ... on A { item { n: stars(of: 1) } items { n: stars(of: 1) } }
      ... on B { item { n: stars(of: 2) } items { n: moons } } ... on C { item { n: stars(of: 1) } } } }`;
    expect(needed(query)).toBe(true);
    expect(await shelves.run(query)).toEqual({
      data: {
        nodes: [
          { item: { n: '1 stars of i' }, items: [{ n: '1 stars of i' }, { n: '1 stars of j' }] },
          { item: { n: '2 stars of i' }, items: [{ n: 'moons of i' }] },
          { item: { n: '1 stars of i' } },
        ],
      },
    });
  });

  it('does so through nested lists, fragments and objects between', async () => {
    const query = `{ groups { ...a ... on B { item { next { n: stars(of: 2) } } } } } fragment a on A { item { next { n: stars(of: 1) } } }`;
    expect(needed(query)).toBe(true);
    expect(await shelves.run(query)).toEqual({
      data: {
        groups: [[{ item: { next: { n: '1 stars of i+' } } }], [{ item: { next: { n: '2 stars of i+' } } }, null]],
      },
    });
  });

  it('does so for an entity that stands under both, and is asked for once', async () => {
    const query = `{ nodes { ... on A { boss { desk { n: stars(of: 1) } } } ... on B { boss { desk { n: stars(of: 2) } } } } }`;
    expect(needed(query)).toBe(true);
    expect(await shelves.run(query)).toEqual({
      data: { nodes: [{ boss: { desk: { n: '1 stars of desk' } } }, { boss: { desk: { n: '2 stars of desk' } } }, {}] },
    });
  });

  it('names the types in the plan', () => {
    expect(shelves.plan('{ nodes { ... on A { item { n: moons } } ... on B { item { n: stars(of: 2) } } } }')).toContain(
      'at nodes.@[A].item',
    );
  });
});

it.each([
  '{ nodes { ... on A { n: item { stars(of: 1) } } ... on B { n: items { stars(of: 1) } } } }',
  '{ nodes { ... on A { item { stars(of: 1) } } ... on B { item { stars(of: 1) } } } }',
  '{ nodes { ... on A { item { id } } ... on B { item { moons } } } }',
  '{ a: nodes { id } b: nodes { id } }',
])('is not the case in %s', (query) => {
  expect(needed(query)).toBe(false);
});
