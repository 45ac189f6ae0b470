import { describe, expect, it } from 'vitest';
import { federate, link } from '../../support/federate.js';

const WEIGHTS: Record<string, number | null> = { b: 3, c: 5, none: null };
const parcels = [
  {
    __typename: 'Book',
    id: 'b',
    dims: { size: { w: 1, h: 2 } },
    tags: [{ key: 'x', of: { __typename: 'Book', id: 'c2', weight: 9 } }],
  },
  { __typename: 'Chair', id: 'c', dims: null, tags: [] },
];

const shop = federate({
  goods: [
    `${link('2.8', 'key', 'shareable', 'inaccessible')}
     type Query { parcels: [Parcel] book: Book missing: Book }
     interface Parcel { id: ID! weight(unit: Unit = KG, scale: Scale): Int }
     enum Unit { KG G } input Scale { by: Int = 10, plus: [Int!] = [1] }
     type Book implements Parcel @key(fields: "id") { id: ID! weight(unit: Unit = KG, scale: Scale): Int dims: Dims tags: [Tag!] secret: Int @inaccessible }
     type Chair implements Parcel @key(fields: "id") { id: ID! weight(unit: Unit = KG, scale: Scale): Int dims: Dims }
     type Dims { size: Size } type Size { w: Int h(in: String): Int }
     type Tag { key: String of: Parcel }`,
    {
      Query: { parcels: () => parcels, book: () => parcels[0], missing: () => ({ id: 'none', dims: null, tags: null }) },
      Book: {
        __resolveReference: ({ id }: { id: string }) => parcels.find((one) => one.id === id) ?? { id },
        weight: weigh,
        secret: () => 42,
      },
      Chair: { __resolveReference: ({ id }: { id: string }) => parcels.find((one) => one.id === id) ?? null, weight: weigh },
      Size: { h: ({ h }: { h: number }, { in: unit }: { in?: string }) => (unit === 'mm' ? h * 1000 : h) },
    },
  ],
  post: [
    `${link('2.8', 'key', 'external', 'requires')}
     interface Parcel { id: ID! weight(unit: Unit = KG, scale: Scale): Int postage: Int }
     enum Unit { KG G } input Scale { by: Int = 10, plus: [Int!] = [1] }
     type Book implements Parcel @key(fields: "id") { id: ID!
       weight(unit: Unit = KG, scale: Scale): Int @external secret: Int @external dims: Dims @external tags: [Tag!] @external
       postage: Int @requires(fields: "weight(unit: G, scale: { by: 2 })")
       box: String @requires(fields: "dims { size { w h(in: \\"mm\\") } }")
       hint: Int @requires(fields: "secret")
       heaviest: Int @requires(fields: "tags { key of { ... on Book { weight } ... on Chair { id } } }") }
     type Chair implements Parcel @key(fields: "id") { id: ID! weight(unit: Unit = KG, scale: Scale): Int @external dims: Dims @external
       postage: Int @requires(fields: "weight") box: String @requires(fields: "dims { size { w } }") }
     type Dims { size: Size @external } type Size { w: Int @external h(in: String): Int @external }
     type Tag { key: String @external of: Parcel @external }`,
    {
      Book: {
        __resolveReference: (book: object) => book,
        postage: ({ weight }: { weight: number | null }) => (weight === null ? -1 : weight + 1),
        box: ({ dims }: { dims: { size: { w: number; h: number } } | null }) =>
          dims ? `${dims.size.w}x${dims.size.h}` : 'no box',
        hint: ({ secret }: { secret: number }) => secret + 1,
        heaviest: ({ tags }: { tags: { of: { weight?: number } }[] | null }) =>
          tags ? Math.max(...tags.map(({ of }) => of.weight ?? 0)) : null,
      },
      Chair: {
        __resolveReference: (chair: object) => chair,
        postage: ({ weight }: { weight: number }) => weight,
        box: ({ dims }: { dims: object | null }) => (dims ? 'boxed' : 'no box'),
      },
    },
  ],
});

function weigh(
  { id, weight }: { id: string; weight?: number },
  { unit, scale }: { unit: string; scale?: { by: number; plus: number[] } },
) {
  const own = weight ?? WEIGHTS[id];
  if (own === null || own === undefined) return null;
  return (unit === 'G' ? own * 1000 : own) * (scale ? scale.by : 1) + (scale ? scale.plus.length : 0);
}

describe('what a field requires of others', () => {
  it.each([
    [
      'is fetched with its arguments, enums and input objects with their defaults',
      '{ book { postage } }',
      { book: { postage: 6002 } },
    ],
    [
      'does not mix with the same field of the client',
      '{ book { postage weight g: weight(unit: G) postageToo: postage } }',
      { book: { postage: 6002, weight: 3, g: 3000, postageToo: 6002 } },
    ],
    [
      'is fetched through an interface for each of its types',
      '{ parcels { postage weight } }',
      {
        parcels: [
          { postage: 6002, weight: 3 },
          { postage: 5, weight: 5 },
        ],
      },
    ],
    [
      'may be nested, with arguments inside',
      '{ book { box dims { size { h } } } }',
      { book: { box: '1x2000', dims: { size: { h: 2 } } } },
    ],
    ['may be hidden from clients', '{ book { hint } }', { book: { hint: 43 } }],
    ['may have fragments and lists', '{ book { heaviest } }', { book: { heaviest: 9 } }],
    ['may be null', '{ missing { postage box heaviest } }', { missing: { postage: -1, box: 'no box', heaviest: null } }],
    [
      'is asked for by each type as it needs',
      '{ parcels { ... on Book { box } ... on Chair { box } } }',
      { parcels: [{ box: '1x2000' }, { box: 'no box' }] },
    ],
  ])('%s', async (_, query, data) => {
    expect(await shop.run(query)).toEqual({ data });
  });
});
