import type { MeshEvent } from '../shared/events.js';
import type { SubgraphDefinition, SubgraphResources } from '../shared/Subgraph.js';
import { saveApprovals } from './approvalStore.js';
import { createEgress, type Egress } from './egress/createEgress.js';
import { createLoaders } from './loaders.js';
import { startMetrics } from './metrics/startMetrics.js';
import { resolvers, type AgentsContext } from './resolvers.js';
import { createRunner, type Runner } from './runner/createRunner.js';
import { createTransports } from './transports/createTransports.js';

/** What runs for each running subgraph. */
const running = new WeakMap<SubgraphResources, { readonly runner: Runner; readonly egress: Egress }>();

/** Who does the work, and the work that was done. */
export const agentsSubgraph: SubgraphDefinition = {
  name: 'agents',
  migrations: 'subgraphs/agents/migrations',
  resolvers,
  createContext: (request, resources): AgentsContext => {
    const { tenant, scopes } = request.principal;
    const reach = scopes.includes('tenant.any') ? null : (tenant ?? '');
    const loaders = createLoaders(resources.database, tenant ?? '', reach);
    return { request, resources, loaders, ...running.get(resources)! };
  },
  start: async (resources) => {
    const egress = createEgress({ allow: resources.egressAllow ?? [] });
    const transports = createTransports({ egress, keys: resources.modelKey ?? (() => undefined), dapr: resources.dapr });
    const catalog = await resources.eventLog.consume('agents', ['mesh.catalog'], (_, events) => takeCatalog(events, resources));
    const runner = createRunner(resources, transports);
    running.set(resources, { runner, egress });
    const wayOut = {
      stop: async () => {
        for (const transport of transports.values()) await transport.close();
        await egress.close();
      },
    };
    return [wayOut, catalog, runner, startMetrics(resources)];
  },
};

async function takeCatalog(events: readonly MeshEvent[], { database }: SubgraphResources): Promise<void> {
  const changes = events.filter((event): event is MeshEvent<'model.changed'> => event.type === 'model.changed');
  await saveApprovals(
    database,
    changes.map(({ data }) => data.record),
  );
}
