import type { SubgraphDefinition } from '../shared/Subgraph.js';
import { createContext, resolvers } from './resolvers.js';

/** Which models there are, what they cost, and which of them may be used. */
export const modelsSubgraph: SubgraphDefinition = {
  name: 'models',
  migrations: 'subgraphs/models/migrations',
  resolvers,
  createContext,
};
