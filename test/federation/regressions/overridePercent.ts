import type { FederationCase } from '../support/FederationCase.js';

/** percent(100) is always on. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@override"])
      type Ant @key(fields: "id") { id: ID! song: String @override(from: "b", label: "percent(100)") }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
      type Query { ant: Ant }
      type Ant @key(fields: "id") { id: ID! song: String }`,
  },
  data: { 'Ant:1': { __typename: 'Ant', id: 'ant1', song: 'elm' }, Query: { __typename: 'Query', ant: { $ref: 'Ant:1' } } },
  operation: '{ ant { song } }',
};
