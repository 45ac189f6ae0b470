import type { SubgraphDefinition } from '../shared/Subgraph.js';
import { createContext, resolvers } from './resolvers.js';

/** Who may do what: Cedar policies as data, and the record of what they decided. */
export const policiesSubgraph: SubgraphDefinition = {
  name: 'policies',
  migrations: 'subgraphs/policies/migrations',
  resolvers,
  createContext,
};
