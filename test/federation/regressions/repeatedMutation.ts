import type { FederationCase } from '../support/FederationCase.js';

/** The planner made a fetch of its own for the repetition, and the mutation was made twice. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: [])
      type Mutation { loga: String! }`,
    b: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: [])
      type Query { count: Int }
      type Mutation { logb: String! }`,
  },
  data: {
    Query: { __typename: 'Query', count: 1 },
    Mutation: { __typename: 'Mutation', loga: { $log: true }, logb: { $log: true } },
  },
  operation: 'mutation ($skip: Boolean!) { logb loga logb @skip(if: $skip) }',
  variables: { skip: false },
};
