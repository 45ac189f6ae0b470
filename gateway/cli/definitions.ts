import { agentsSubgraph } from '../../subgraphs/agents/server.js';
import { costsSubgraph } from '../../subgraphs/costs/server.js';
import { evaluationsSubgraph } from '../../subgraphs/evaluations/server.js';
import { modelsSubgraph } from '../../subgraphs/models/server.js';
import { policiesSubgraph } from '../../subgraphs/policies/server.js';
import type { SubgraphName } from '../../subgraphs/shared/names.js';
import type { SubgraphDefinition } from '../../subgraphs/shared/Subgraph.js';

/** The one place that imports both the gateway and the subgraphs is the command line. */
export const DEFINITIONS: Readonly<Record<SubgraphName, SubgraphDefinition>> = {
  agents: agentsSubgraph,
  models: modelsSubgraph,
  evaluations: evaluationsSubgraph,
  costs: costsSubgraph,
  policies: policiesSubgraph,
};
