import type { FederationCase } from '../support/FederationCase.js';

/** Both types are asked at once, and one got the other's arguments. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      interface Eel @key(fields: "id") { id: ID! }
      type Fox implements Eel @key(fields: "id") { id: ID! }
      type Hen implements Eel @key(fields: "id") { id: ID! }`,
    d: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@interfaceObject"])
      type Query { d8: [Eel] }
      type Eel @interfaceObject @key(fields: "id") { id: ID! note(must: Int!): Int! song(n: Int): Int }`,
  },
  data: {
    'Hen:2': { __typename: 'Hen', id: 'hen2', note: 29, song: 5 },
    Query: { __typename: 'Query', d8: [{ $ref: 'Hen:2' }] },
  },
  operation:
    'query ($v1: Int!) { d8 { ... on Hen { x: note(must: $v1) y: song song } ... on Fox { x: note(must: 2) y: song(n: 1) song(n: 2) } } }',
  variables: { v1: 7 },
};
