import type { FederationCase } from '../support/FederationCase.js';

/** The field that is skipped has not failed. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: [])
      type Query { skipped: Int wanted: Int }`,
  },
  data: { Query: { __typename: 'Query', skipped: 1, wanted: 2 } },
  operation: 'query ($skip: Boolean!) { skipped @skip(if: $skip) wanted }',
  variables: { skip: true },
  down: ['a'],
};
