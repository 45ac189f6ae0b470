import { parse } from 'graphql';
import { executeOperation } from '../../../gateway/execution/executeOperation.js';
import { createGovernance } from '../../../gateway/governance/createGovernance.js';
import { createPolicyEngine } from '../../../gateway/governance/createPolicyEngine.js';
import { coerceVariables } from '../../../gateway/pipeline/handleOperation.js';
import { createPlanner } from '../../../gateway/planner/createPlanner.js';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { printPlan } from '../../../gateway/planner/printPlan.js';
import { createMetrics } from '../../../gateway/telemetry/createMetrics.js';
import { ANONYMOUS } from '../../../subgraphs/shared/principal.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import type { Answer } from './compareAnswers.js';
import type { BuiltGraph } from './buildCase.js';
import type { FederationCase } from './FederationCase.js';

export interface Ours {
  /** Throws what the gateway throws. */
  run(asked: Pick<FederationCase, 'operation' | 'variables' | 'scopes' | 'down'>): Promise<Answer>;
  /** The plan in words. */
  plan(operation: string): string;
}

export type StartOurs = (built: Pick<BuiltGraph, 'supergraphSdl' | 'clients'>) => Ours;

/** The one place where the tests of this folder touch the planner, governance and executor of the gateway. */
export const startOurs: StartOurs = ({ supergraphSdl, clients }) => {
  const supergraph = loadSupergraph(supergraphSdl);
  const planner = createPlanner(supergraph);
  const engine = createPolicyEngine(null);
  const govern = createGovernance({ supergraph, engine, recorder: null, metrics: createMetrics(), clock: () => 0 });
  return {
    plan: (operation) => printPlan(planner.plan(parse(operation))),
    run: async ({ operation, variables = {}, scopes, down }) => {
      const document = parse(operation);
      const principal = scopes ? { ...ANONYMOUS, id: 'ada', kind: 'USER' as const, tenant: 'north', scopes } : ANONYMOUS;
      const coerced = coerceVariables({ schema: supergraph.apiSchema, document, variables });
      const governed = govern(document, undefined, coerced, principal);
      return executeOperation({
        supergraph,
        plan: planner.plan(governed.document),
        document,
        variables,
        coerced,
        clients: clients(down),
        context: { ...anonymousContext(), request: { ...anonymousContext().request, principal } },
        denied: governed.denied,
      });
    },
  };
};
