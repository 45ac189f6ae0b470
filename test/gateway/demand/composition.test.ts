import { expect, it } from 'vitest';
import { compose } from '../../support/federate.js';
import { costedSupergraph } from './costed.js';

const FEDERATION = 'https://specs.apollo.dev/federation/v2.9';

/** Two subgraphs that call the directives as they are told, both on the same fields. */
const subgraphs = (imports: string, cost: string, listSize: string) => ({
  one: `extend schema @link(url: "${FEDERATION}", import: ["@key", "@shareable"${imports}])
    type Query { products(first: Int @${cost}(weight: 1), of: In): [Product] @shareable @${listSize}(slicingArguments: ["first"], assumedSize: 4, requireOneSlicingArgument: false) }
    type Product @key(fields: "id") @${cost}(weight: 3) { id: ID! price: Money @${cost}(weight: 2) @shareable }
    input In { deep: Int @${cost}(weight: 20) mood: Mood }
    enum Mood @${cost}(weight: 4) { GOOD }
    scalar Money @${cost}(weight: 50)`,
  two: `extend schema @link(url: "${FEDERATION}", import: ["@key", "@shareable"${imports}])
    type Query { products(first: Int @${cost}(weight: 2), of: In): [Product] @shareable @${listSize}(assumedSize: 6) }
    type Product @key(fields: "id") { id: ID! price: Money @${cost}(weight: 7) @shareable cost: Money }
    input In { deep: Int @${cost}(weight: 10) mood: Mood }
    enum Mood { GOOD }
    scalar Money`,
});

const QUERIES: [string, number][] = [
  ['{ products { id } }', 6 * 3],
  ['{ products(first: 5) { price } }', 5 * (3 + 7) + 2],
  ['{ products(first: 1, of: { deep: 1, mood: GOOD }) { cost } }', 3 + 50 + 2 + (1 + 20 + 4)],
];

it.each([
  ['by their own names', ', "@cost", "@listSize"', 'cost', 'listSize'],
  ['under other names', ', {name: "@cost", as: "@price"}, {name: "@listSize", as: "@length"}', 'price', 'length'],
  ['under names that are each other', ', {name: "@cost", as: "@listSize"}, {name: "@listSize", as: "@cost"}', 'listSize', 'cost'],
])('subgraphs that import the directives %s compose, the most of each counts', (_, ...names) => {
  const sdl = compose(subgraphs(...names));
  expect(sdl).toMatch(`@${names[1]}(weight: 7)`);
  const graph = costedSupergraph(sdl);
  for (const [query, cost] of QUERIES) expect([query, graph.estimate(query)]).toEqual([query, cost]);
});

it('a supergraph may name the whole specification otherwise', () => {
  const sdl = compose(subgraphs(', "@cost", "@listSize"', 'cost', 'listSize'))
    .replace(
      /@link\(url: "https:\/\/specs.apollo.dev\/cost\/v0.1"[^)]*\)/,
      '@link(url: "https://specs.apollo.dev/cost/v0.1", as: "demand")',
    )
    .replaceAll(/@cost\(/g, '@demand__cost(')
    .replaceAll(/@listSize\(/g, '@demand__listSize(');
  expect(sdl).toMatch('@demand__listSize');
  const graph = costedSupergraph(sdl);
  for (const [query, cost] of QUERIES) expect([query, graph.estimate(query)]).toEqual([query, cost]);
});

it("another specification's directive of the same name says nothing about costs", () => {
  const sdl = compose({
    one: `extend schema @link(url: "${FEDERATION}", import: ["@key", "@composeDirective"])
        @link(url: "https://example.com/billing/v1.0", import: ["@cost"]) @composeDirective(name: "@cost")
      directive @cost(weight: Int!) on FIELD_DEFINITION
      type Query { one: One @cost(weight: 100) }
      type One { id: ID }`,
  });
  expect(sdl).toMatch('@cost(weight: 100)');
  expect(costedSupergraph(sdl).estimate('{ one { id } }')).toBe(1);
});

it('weights may be texts, as in the specification', () => {
  const sdl = compose(subgraphs(', "@cost", "@listSize"', 'cost', 'listSize'))
    .replace('directive @cost(weight: Int!)', 'directive @cost(weight: String!)')
    .replaceAll(/@cost\(weight: (\d+)\)/g, '@cost(weight: "$1")');
  expect(sdl).toMatch('@cost(weight: "7")');
  const graph = costedSupergraph(sdl);
  for (const [query, cost] of QUERIES) expect([query, graph.estimate(query)]).toEqual([query, cost]);
});
