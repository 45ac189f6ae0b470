import type { FederationCase } from '../support/FederationCase.js';

/** The one selection of an object is skipped: the object is there, and empty. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: [])
      type Query { ant: Ant! }
      type Ant { den: Int! }`,
  },
  data: { 'Ant:1': { __typename: 'Ant', den: 7 }, Query: { __typename: 'Query', ant: { $ref: 'Ant:1' } } },
  operation: 'query ($yes: Boolean!) { ant @include(if: $yes) { den @skip(if: true) } }',
  variables: { yes: true },
};
