import type { FederationCase } from '../support/FederationCase.js';

/** The second subgraph's field requires one of the first; a field of the first requires that. The planner asked b for both path and gist at once. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires"])
      type Ant @key(fields: "id") { id: ID! path: Int gist: String! @external blend: String @requires(fields: "gist") }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@external", "@requires"])
      type Query { ant: Ant! }
      type Ant @key(fields: "id") { id: ID! path: Int @external gist: String! @requires(fields: "path") }`,
  },
  data: { 'Ant:1': { __typename: 'Ant', id: 'ant1', path: 4 }, Query: { __typename: 'Query', ant: { $ref: 'Ant:1' } } },
  operation: '{ ant { blend } }',
};
