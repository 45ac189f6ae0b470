import type { FederationCase } from '../support/FederationCase.js';

/** The planner refused to ask one interface object for the type of another one. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@interfaceObject"])
      type Query { a8: [Eel!]! }
      type Eel @interfaceObject @key(fields: "id") { id: ID! }`,
    d: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      interface Eel @key(fields: "id") { id: ID! kin: String! }
      type Gnu implements Eel @key(fields: "id") { id: ID! kin: String! }`,
    e: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires", "@interfaceObject"])
      type Eel @interfaceObject @key(fields: "id") { id: ID! kin: String! @external digest: String @requires(fields: "kin") }`,
  },
  data: {
    'Gnu:1': { __typename: 'Gnu', id: 'gnu1', kin: 'ash' },
    Query: { __typename: 'Query', a8: [{ $ref: 'Gnu:1' }] },
  },
  operation: `query ($v0: Boolean!) { spot: a8 { ... on Gnu @include(if: $v0) { digest } } }`,
  variables: { v0: true },
};
