import { describe, expect, it } from 'vitest';
import { parse } from 'graphql';
import { printPlan } from '../../../gateway/planner/printPlan.js';
import { federate, link } from '../../support/federate.js';

const shop = federate({
  products: [
    `${link('2.8', 'key')} type Query { top(first: Int): [Product] } type Mutation { one: Int two: Int }
     interface Product @key(fields: "id") { id: ID! }
     type Book implements Product @key(fields: "id") { id: ID! weight: Int }
     type Chair implements Product @key(fields: "id") { id: ID! weight: Int }`,
  ],
  shipping: [
    `${link('2.8', 'key', 'requires', 'external')} type Mutation { three: Int }
     type Book @key(fields: "id") { id: ID! weight: Int @external shipping(zip: String): Int @requires(fields: "weight") }`,
  ],
  stock: [`${link('2.8', 'key', 'interfaceObject')} type Product @key(fields: "id") @interfaceObject { id: ID! stock: Int }`],
});
const plan = (query: string): string => shop.plan(query);

describe('a printed plan', () => {
  it('shows what a fetch knows an object by, what it requires of others, and what it gets', () => {
    expect(plan('query ($zip: String) { top { ... on Book { shipping(zip: $zip) } } }')).toBe(`in order
  fetch from products
    {
      top {
        __typename
        ... on Book {
          __typename
          id
          weight
        }
      }
    }
  at top.@
    fetch from shipping, for each object
      by
        ... on Book {
          __typename
          id
          weight
        }
      with $zip
      gets
        ... on Book {
          shipping(zip: $zip)
        }`);
  });

  it('shows as what an object is sent to a subgraph that knows the interface only', () => {
    expect(plan('{ top { ... on Chair { stock } } }')).toContain(`    fetch from stock, for each object
      by
        ... on Chair {
          __typename
          id
        }
      where Chair.__typename is sent as Product
      gets
        ... on Product {
          stock
        }`);
  });

  it('shows conditions, and what runs at once', () => {
    const text = plan(
      'query ($a: Boolean!, $b: Boolean!) { top { id ... on Book @include(if: $a) { shipping } stock @skip(if: $b) } }',
    );
    expect(text).toMatch(/^in order\n {2}fetch from products\n[^]*\n {2}at once\n/);
    expect(text).toMatch(/\n {4}if \$a\n {6}at top\.@\n {8}fetch from shipping, for each object\n/);
    expect(text).toMatch(/\n {4}unless \$b\n {6}at top\.@\n {8}fetch from stock/);
  });

  it('shows the order of a mutation', () => {
    expect(plan('mutation { one three two }')).toBe(`in order
  fetch from products
    mutation {
      one
    }
  fetch from shipping
    mutation {
      three
    }
  fetch from products
    mutation {
      two
    }`);
  });

  it('shows deferred parts: where, after which fetches, under which label, and what each shows', () => {
    const deferred = shop.planner.plan(parse('{ top { id ... @defer(label: "later") { stock } } }'), undefined, { defer: true });
    expect(printPlan(deferred)).toBe(`first
  shows
    top {
      id
    }
  fetch from products (#0)
    {
      top {
        __typename
        id
      }
    }
later "later" at top, after #0
  shows
    stock
  at top.@
    fetch from stock, for each object
      by
        ... on Product {
          __typename
          id
        }
      where Product.__typename is sent as Product
      gets
        ... on Product {
          stock
        }`);
  });
});
