import { printSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { federate, link } from '../../support/federate.js';

const shops = [
  {
    id: 's1',
    currency: 'EUR',
    region: { tax: 19 },
    items: [{ id: 'i1' }, { id: 'i2' }],
    best: { item: { id: 'i1' }, taxed: { id: 't-i1' } },
  },
  { id: 's2', currency: 'JPY', region: { tax: 10 }, items: [{ id: 'i1' }], best: { item: { id: 'i2' }, taxed: { id: 't-i2' } } },
];
const stall = { __typename: 'Stall', id: 't1', unit: 'GBP', items: [{ id: 'i2' }] };

const market = federate({
  places: [
    `${link('2.8', 'key', 'context', 'fromContext', 'shareable')}
    type Query { shops: [Shop!] stall: Stall places: [Place] shop: Shop }
    interface Place { id: ID! }
    type Shop implements Place @key(fields: "id") @context(name: "place") @context(name: "shop") {
      id: ID! currency: String! region: Region! items: [Item!]! best: Shelf }
    type Stall implements Place @key(fields: "id") @context(name: "place") { id: ID! unit: String! items: [Item!]! }
    type Region { tax: Int! }
    type Shelf { item: Item taxed: Taxed }
    type Item @key(fields: "id") { id: ID!
      price(extra: Int = 0, currency: String @fromContext(field: "$place ... on Shop { currency } ... on Stall { unit }")): String}
    type Taxed @key(fields: "id") { id: ID!
      tax(rate: Int @fromContext(field: "$shop { region { tax } }"), money: String @fromContext(field: "$shop { currency }")): String }`,
    {
      Query: {
        shops: () => shops,
        shop: () => shops[0],
        stall: () => stall,
        places: () => [{ __typename: 'Shop', ...shops[1] }, stall],
      },
      Item: {
        __resolveReference: (item: { id: string }) => ({ ...item }),
        price: ({ id }: { id: string }, { currency, extra }: { currency?: string; extra: number }) =>
          `${id} ${extra} ${currency}`,
      },
      Taxed: {
        __resolveReference: (taxed: { id: string }) => ({ ...taxed }),
        tax: ({ id }: { id: string }, { rate, money }: { rate?: number; money?: string }) => `${id} ${rate} ${money}`,
      },
    },
  ],
  reviews: [
    `${link('2.8', 'key')} type Item @key(fields: "id") { id: ID! stars: Int }`,
    { Item: { __resolveReference: (item: { id: string }) => ({ ...item, stars: item.id.length }) } },
  ],
});

describe('what is taken from a context', () => {
  it('is the value of the nearest object around, for each item of each list', async () => {
    expect(await market.run('{ shops { id items { id price } } }')).toEqual({
      data: {
        shops: [
          {
            id: 's1',
            items: [
              { id: 'i1', price: 'i1 0 EUR' },
              { id: 'i2', price: 'i2 0 EUR' },
            ],
          },
          { id: 's2', items: [{ id: 'i1', price: 'i1 0 JPY' }] },
        ],
      },
    });
  });

  it('is selected by the type of the object that sets it, where several types do', async () => {
    expect(
      await market.run(
        '{ stall { items { price } } places { ... on Shop { items { price } } ... on Stall { items { price(extra: 2) } } } }',
      ),
    ).toEqual({
      data: {
        stall: { items: [{ price: 'i2 0 GBP' }] },
        places: [{ items: [{ price: 'i1 0 JPY' }] }, { items: [{ price: 'i2 2 GBP' }] }],
      },
    });
  });

  it('passes objects between, and entities of other subgraphs, and comes from more than one context', async () => {
    expect(await market.run('{ shops { best { item { stars price } taxed { tax } } } }')).toEqual({
      data: {
        shops: [
          { best: { item: { stars: 2, price: 'i1 0 EUR' }, taxed: { tax: 't-i1 19 EUR' } } },
          { best: { item: { stars: 2, price: 'i2 0 JPY' }, taxed: { tax: 't-i2 10 JPY' } } },
        ],
      },
    });
  });

  it('works for aliases, repeated fields and arguments of the client beside it', async () => {
    expect(
      await market.run('query ($extra: Int) { shop { items { a: price(extra: $extra) b: price currency: id } currency: id } }', {
        extra: 7,
      }),
    ).toEqual({
      data: {
        shop: {
          items: [
            { a: 'i1 7 EUR', b: 'i1 0 EUR', currency: 'i1' },
            { a: 'i2 7 EUR', b: 'i2 0 EUR', currency: 'i2' },
          ],
          currency: 's1',
        },
      },
    });
  });

  it('is asked for once for the objects that see the same value', async () => {
    const before = market.asked.length;
    await market.run('{ shops { items { price } } }');
    expect(market.asked.slice(before).filter((query) => query.includes('_entities'))).toHaveLength(2);
  });

  it('is hidden from clients and readable in the plan', () => {
    expect(printSchema(market.supergraph.apiSchema)).toContain('price(extra: Int = 0): String');
    expect(market.plan('{ shops { items { price } } }')).toMatch(
      /with \$contextualArgument_\S+ from \.\.\/\.\.\. on Shop\/currency/,
    );
  });
});
