import type { FederationCase } from '../support/FederationCase.js';

/** Objects of other types were sent with what the field requires, and without their keys. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      interface Eel @key(fields: "id") { id: ID! name: Float }
      type Gnu implements Eel @key(fields: "id") { id: ID! name: Float }
      type Hen implements Eel @key(fields: "id") { id: ID! name: Float }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires", "@interfaceObject"])
      type Query { b7: [[Eel!]!]! }
      type Eel @interfaceObject @key(fields: "id") { id: ID! name: Float @external digest: String @requires(fields: "name") }`,
  },
  data: {
    'Hen:2': { __typename: 'Hen', id: 'hen2', name: null },
    'Gnu:2': { __typename: 'Gnu', id: 'gnu2', name: 3 },
    Query: { __typename: 'Query', b7: [[{ $ref: 'Hen:2' }, { $ref: 'Gnu:2' }]] },
  },
  operation: `{ x1: b7 { ... on Gnu { digest_1: digest } } }`,
};
