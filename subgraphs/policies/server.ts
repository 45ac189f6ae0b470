import type { SubgraphDefinition } from '../shared/Subgraph.js';
import { createContext, resolvers } from './resolvers.js';

/** Who may do what: Cedar policies, and the decisions that were made by them. */
export const policiesSubgraph: SubgraphDefinition = {
  name: 'policies',
  migrations: 'subgraphs/policies/migrations',
  resolvers,
  createContext,
};
