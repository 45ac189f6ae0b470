import type { FederationCase } from '../support/FederationCase.js';

/** The key is there, and what only the skipped field requires is not: the other field must be asked for all the same. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires"])
      type Ant @key(fields: "id") { id: ID! den: Int! weight: Int @external sum: String @requires(fields: "weight") }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Query { ants: [Ant] }
      type Ant @key(fields: "id") { id: ID! weight: Int }`,
  },
  data: {
    'Ant:1': { __typename: 'Ant', id: 'ant1', den: 7, weight: 3 },
    Query: { __typename: 'Query', ants: [{ $ref: 'Ant:1' }] },
  },
  operation: 'query ($sum: Boolean!) { ants { den sum @include(if: $sum) } }',
  variables: { sum: false },
};
