import type { FederationCase } from '../support/FederationCase.js';

/** Nothing but the type is left to be asked of the subgraph, and that is known: it cannot fail. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Eel @key(fields: "id") { id: ID! kin: Int }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Query { eels: [Eel!]! }
      type Eel @key(fields: "id") { id: ID! }`,
  },
  data: { 'Eel:3': { __typename: 'Eel', id: 'eel3', kin: null }, Query: { __typename: 'Query', eels: [{ $ref: 'Eel:3' }] } },
  operation: 'query ($skip: Boolean!) { eels { ... { kin @skip(if: $skip) } } }',
  variables: { skip: true },
  down: ['a'],
};
