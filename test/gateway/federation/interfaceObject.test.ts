import { describe, expect, it } from 'vitest';
import { federate, link } from '../../support/federate.js';

const things = [
  { __typename: 'Book', id: 'b', name: 'a book', pages: 7 },
  { __typename: 'Chair', id: 'c', name: 'a chair', legs: 4 },
];
const find = ({ id }: { id: string }) => things.find((thing) => thing.id === id) ?? null;
const onlyId = ({ id }: { id: string }) => ({ id });

const shop = federate({
  things: [
    `${link('2.3', 'key')}
     type Query { things: [Thing] } type Mutation { touch(id: ID!): Thing }
     interface Thing @key(fields: "id") { id: ID! name: String }
     type Book implements Thing @key(fields: "id") { id: ID! name: String pages: Int }
     type Chair implements Thing @key(fields: "id") { id: ID! name: String legs: Int }`,
    {
      Query: { things: () => things },
      Mutation: { touch: (_: unknown, reference: { id: string }) => find(reference) },
      Thing: { __resolveReference: find },
      Book: { __resolveReference: find },
      Chair: { __resolveReference: find },
    },
  ],
  reviews: [
    `${link('2.3', 'key', 'interfaceObject', 'external', 'requires', 'shareable')}
     type Query { reviewed: [Thing] latest: Review best: Thing }
     type Thing @key(fields: "id") @interfaceObject {
       id: ID! stars(of: Int = 5): Int reviews: [Review] name: String @external shout: String @requires(fields: "name") }
     type Review @key(fields: "id") { id: ID! of: Thing other: [[Thing]] }`,
    {
      Query: {
        reviewed: () => things.map(onlyId),
        latest: () => ({ id: 'r', of: { id: 'c' }, other: [[{ id: 'b' }], [{ id: 'c' }, null]] }),
        best: () => ({ id: 'nowhere' }),
      },
      Thing: {
        __resolveReference: (thing: object) => ({ ...thing, __typename: 'Never' }),
        stars: ({ id }: { id: string }, { of }: { of: number }) => of - id.length,
        reviews: ({ id }: { id: string }) => [{ id: `r-${id}`, of: { id } }],
        shout: ({ name }: { name: string }) => `${name}!`,
      },
    },
  ],
  ranks: [
    `${link('2.3', 'key', 'interfaceObject')} type Thing @key(fields: "id") @interfaceObject { id: ID! rank: Int }`,
    { Thing: { __resolveReference: ({ id }: { id: string }) => ({ id, rank: id === 'b' ? 1 : 2 }) } },
  ],
});

const book = { __typename: 'Book', id: 'b' };
const chair = { __typename: 'Chair', id: 'c' };

describe('an interface that is an object to one subgraph', () => {
  it.each([
    [
      'fields that the subgraph adds',
      '{ things { id stars } }',
      {
        things: [
          { id: 'b', stars: 4 },
          { id: 'c', stars: 4 },
        ],
      },
    ],
    [
      'its fields under a type condition',
      '{ things { ... on Book { stars(of: 3) } ... on Chair { s: stars legs } } }',
      { things: [{ stars: 2 }, { s: 4, legs: 4 }] },
    ],
    [
      'its fields alone, which need no other subgraph',
      '{ reviewed { id stars } }',
      {
        reviewed: [
          { id: 'b', stars: 4 },
          { id: 'c', stars: 4 },
        ],
      },
    ],
    ['the types that it does not know', '{ reviewed { __typename id } }', { reviewed: [book, chair] }],
    [
      'fields of those types',
      '{ reviewed { ... on Book { pages stars } ... on Chair { legs } } }',
      { reviewed: [{ pages: 7, stars: 4 }, { legs: 4 }] },
    ],
    [
      'fields of the interface from elsewhere',
      '{ reviewed { name shout } }',
      {
        reviewed: [
          { name: 'a book', shout: 'a book!' },
          { name: 'a chair', shout: 'a chair!' },
        ],
      },
    ],
    [
      'two such subgraphs',
      '{ reviewed { rank stars ... on Book { r: rank } } }',
      {
        reviewed: [
          { rank: 1, stars: 4, r: 1 },
          { rank: 2, stars: 4 },
        ],
      },
    ],
    [
      'references inside and nested lists',
      '{ latest { of { __typename name rank } other { __typename ... on Chair { legs } } } }',
      {
        latest: {
          of: { __typename: 'Chair', name: 'a chair', rank: 2 },
          other: [[{ __typename: 'Book' }], [{ __typename: 'Chair', legs: 4 }, null]],
        },
      },
    ],
    [
      'the way there and back',
      '{ things { reviews { of { __typename shout reviews { id } } } } }',
      {
        things: [
          { reviews: [{ of: { __typename: 'Book', shout: 'a book!', reviews: [{ id: 'r-b' }] } }] },
          { reviews: [{ of: { __typename: 'Chair', shout: 'a chair!', reviews: [{ id: 'r-c' }] } }] },
        ],
      },
    ],
    ['mutations', 'mutation { touch(id: "b") { __typename stars rank } }', { touch: { __typename: 'Book', stars: 4, rank: 1 } }],
    [
      'fragments on the interface itself',
      '{ reviewed { ... on Thing { name ... on Book { pages } } } }',
      { reviewed: [{ name: 'a book', pages: 7 }, { name: 'a chair' }] },
    ],
  ])('gives %s', async (_, query, data) => {
    expect(await shop.run(query)).toEqual({ data });
  });

  it('has no type, and says so, when nobody knows the object', async () => {
    expect((await shop.run('{ best { id stars } }')).data).toEqual({ best: { id: 'nowhere', stars: -2 } });
    const { data, errors } = await shop.run('{ best { __typename } }');
    expect(data).toEqual({ best: null });
    expect(errors).toMatchObject([{ path: ['best'] }]);
  });

  it('asks one subgraph alone where that is enough', () => {
    expect(shop.plan('{ reviewed { id stars } }')).toMatch(/^fetch from reviews\n/);
  });
});
