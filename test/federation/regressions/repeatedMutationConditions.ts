import type { FederationCase } from '../support/FederationCase.js';

/** Each of the two has a condition of its own. */
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
  operation: 'mutation ($first: Boolean!, $later: Boolean!) { logb @skip(if: $first) loga logb @skip(if: $later) }',
  variables: { first: false, later: false },
};
