import type { FederationCase } from '../support/FederationCase.js';

/** Only ants are asked for what requires their rank; bees have none fetched, and must be asked for their tale all the same. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Query { all: [Like!]! }
      interface Like @key(fields: "id") { id: ID! rank: ID }
      type Ant implements Like @key(fields: "id") { id: ID! rank: ID }
      type Bee implements Like @key(fields: "id") { id: ID! rank: ID }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires", "@interfaceObject"])
      type Like @interfaceObject @key(fields: "id") {
        id: ID!
        tale: [String!]!
        rank: ID @external
        digest: String @requires(fields: "rank")
      }`,
  },
  data: {
    'Ant:1': { __typename: 'Ant', id: 'ant1', rank: null, tale: [] },
    'Bee:1': { __typename: 'Bee', id: 'bee1', rank: null, tale: [] },
    Query: { __typename: 'Query', all: [{ $ref: 'Ant:1' }, { $ref: 'Bee:1' }] },
  },
  operation: '{ all { tale ... on Ant { digest } } }',
};
