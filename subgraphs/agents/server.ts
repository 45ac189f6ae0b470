import type { SubgraphDefinition, SubgraphResources } from '../shared/Subgraph.js';
import { createLoaders } from './loaders.js';
import { startMetrics } from './metrics/startMetrics.js';
import { resolvers, type AgentsContext } from './resolvers.js';
import { createRunner, type Runner } from './runner/createRunner.js';

/** One runner for each running subgraph. */
const runners = new WeakMap<SubgraphResources, Runner>();

/** Who does the work, and the work that was done. */
export const agentsSubgraph: SubgraphDefinition = {
  name: 'agents',
  migrations: 'subgraphs/agents/migrations',
  resolvers,
  createContext: (request, resources): AgentsContext => {
    const { tenant, scopes } = request.principal;
    const reach = scopes.includes('tenant.any') ? null : (tenant ?? '');
    const loaders = createLoaders(resources.database, tenant ?? '', reach);
    return { request, resources, loaders, runner: runners.get(resources)! };
  },
  start: async (resources) => {
    const runner = createRunner(resources);
    runners.set(resources, runner);
    return [runner, startMetrics(resources)];
  },
};
