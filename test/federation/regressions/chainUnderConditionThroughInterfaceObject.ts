import type { FederationCase } from '../support/FederationCase.js';

/** As in requiredUnderConditionThroughInterfaceObject, with what is required computed there in turn. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      interface Eel @key(fields: "id") { id: ID! note: [Float!] }
      type Hen implements Eel @key(fields: "id") { id: ID! note: [Float!] }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires", "@interfaceObject"])
      type Eel @interfaceObject @key(fields: "id") { id: ID! digest: String @external extract: String @requires(fields: "digest") }`,
    d: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires", "@interfaceObject"])
      type Query { eels: [[Eel!]!]! }
      type Eel @interfaceObject @key(fields: "id") { id: ID! note: [Float!] @external digest: String @requires(fields: "note") }`,
  },
  data: { 'Hen:1': { __typename: 'Hen', id: 'hen1', note: [1.5] }, Query: { __typename: 'Query', eels: [[{ $ref: 'Hen:1' }]] } },
  operation: 'query ($yes: Boolean!) { eels { extract @include(if: $yes) } }',
  variables: { yes: true },
};
