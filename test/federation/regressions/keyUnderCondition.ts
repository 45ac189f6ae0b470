import type { FederationCase } from '../support/FederationCase.js';

/** The key of one type stands under a condition in what is sent. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      interface Named { state: Int }
      type Ant implements Named @key(fields: "id") { id: ID! state: Int }
      type Dog @key(fields: "id") { id: ID! note: Dog }`,
    c: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Query { any: Any }
      union Any = Ant | Dog
      type Ant @key(fields: "id") { id: ID! }
      type Dog @key(fields: "id") { id: ID! }`,
  },
  data: {
    'Dog:1': { __typename: 'Dog', id: 'dog1', note: null },
    'Dog:3': { __typename: 'Dog', id: 'dog3', note: { $ref: 'Dog:1' } },
    Query: { __typename: 'Query', any: { $ref: 'Dog:3' } },
  },
  operation: `query ($skip: Boolean!, $not: Boolean!) {
    any @skip(if: $not) { ... on Any { ... on Dog @skip(if: $skip) { note { x0: id } } ... on Named { x1: state } } }
  }`,
  variables: { skip: false, not: false },
};
