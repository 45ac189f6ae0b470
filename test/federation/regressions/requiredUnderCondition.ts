import type { FederationCase } from '../support/FederationCase.js';

/** What cannot be computed without the field that is left out must not be asked for: it may not be null, and took the object with it. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires"])
      type Query { ants: [[Ant!]!]! }
      type Ant @key(fields: "id") {
        id: ID!
        name: String @external
        blend(n: Int): String! @requires(fields: "name")
        song: [Int]! @external
        gist: String @requires(fields: "song")
      }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Ant @key(fields: "id") { id: ID! name: String song: [Int]! }`,
  },
  data: {
    'Ant:2': { __typename: 'Ant', id: 'ant2', name: 'elm', song: [] },
    Query: { __typename: 'Query', ants: [[{ $ref: 'Ant:2' }]] },
  },
  operation: 'query ($yes: Boolean!, $n: Int) { ants { gist } ants @include(if: $yes) { x1: blend(n: $n) } }',
  variables: { yes: false, n: 1 },
};
