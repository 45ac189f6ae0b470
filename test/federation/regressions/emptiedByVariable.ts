import type { FederationCase } from '../support/FederationCase.js';

/** The planner asked for the object only if its one field was wanted. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: [])
      type Query { ant: Ant }
      type Ant { hue: Int }`,
  },
  data: { 'Ant:1': { __typename: 'Ant', hue: null }, Query: { __typename: 'Query', ant: { $ref: 'Ant:1' } } },
  operation: 'query ($skip: Boolean!, $yes: Boolean!) { ant @include(if: $yes) { hue @skip(if: $skip) } }',
  variables: { skip: true, yes: true },
};
