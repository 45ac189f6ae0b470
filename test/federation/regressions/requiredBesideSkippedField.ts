import type { FederationCase } from '../support/FederationCase.js';

/** With two fields that require different ones, of which one is skipped. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Ant @key(fields: "id") { id: ID! age: String path: [ID]! }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires"])
      type Query { ant: Ant! }
      type Ant @key(fields: "id") {
        id: ID!
        age: String @external
        path: [ID]! @external
        sum: String! @requires(fields: "age")
        blend: String! @requires(fields: "path")
      }`,
  },
  data: {
    'Ant:1': { __typename: 'Ant', id: 'ant1', age: null, path: [] },
    Query: { __typename: 'Query', ant: { $ref: 'Ant:1' } },
  },
  operation: 'query ($skip: Boolean!) { ant { sum blend @skip(if: $skip) } }',
  variables: { skip: true },
};
