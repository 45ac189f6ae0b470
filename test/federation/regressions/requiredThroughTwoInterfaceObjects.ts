import type { FederationCase } from '../support/FederationCase.js';

/** The planner made a fetch wait for itself, and went on until there was no memory left. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Query { a62: [Eel]! }
      interface Eel @key(fields: "id") { id: ID! size: Int! }
      type Fox implements Eel @key(fields: "id") { id: ID! size: Int! }
      type Gnu implements Eel @key(fields: "id") { id: ID! size: Int! }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires", "@interfaceObject"])
      type Query { b7: [Eel!]! }
      type Eel @interfaceObject @key(fields: "id") { id: ID! song: String size: Int! @external digest: String @requires(fields: "size") }`,
    c: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@interfaceObject"])
      type Query { c7: [Eel!]! }
      type Eel @interfaceObject @key(fields: "id") { id: ID! size2: Int! }`,
  },
  data: {
    'Fox:2': { __typename: 'Fox', id: 'fox2', size: 2, song: 'dune', size2: 5 },
    'Gnu:2': { __typename: 'Gnu', id: 'gnu2', size: 3, song: 'elm', size2: 6 },
    Query: { __typename: 'Query', c7: [{ $ref: 'Fox:2' }, { $ref: 'Gnu:2' }] },
  },
  operation: `{ c7 { ... on Eel { song } ... on Gnu { digest_1: digest } } }`,
};
