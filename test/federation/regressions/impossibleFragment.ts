import type { FederationCase } from '../support/FederationCase.js';

/** Valid, since each fragment overlaps the one around it, but no object is both; the planner refused the operation. */
export const regression: FederationCase = {
  subgraphs: {
    a: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: [])
      type Query { narrow: [Narrow!]! }
      type Ant implements Wide & Narrow { both: String }
      type Bee implements Wide { both: String }
      interface Wide { both: String }
      interface Narrow implements Wide { both: String }`,
  },
  data: { 'Ant:1': { __typename: 'Ant', both: 'ash' }, Query: { __typename: 'Query', narrow: [{ $ref: 'Ant:1' }] } },
  operation: '{ narrow { both ... on Wide { ... on Bee { bee: both } } } }',
};
