import { parse, type DocumentNode } from 'graphql';
import { executeOperation } from '../../../gateway/execution/executeOperation.js';
import type { SubgraphClient } from '../../../gateway/fetch/SubgraphClient.js';
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
import type { BuiltGraph, Source } from './buildCase.js';
import type { FederationCase } from './FederationCase.js';

/** The one place where the tests of this folder touch planner, governance and executor; startOverHttp.ts touches the whole gateway. */
export interface Ours {
  /** Throws what the gateway throws. */
  run(asked: Pick<FederationCase, 'operation' | 'variables' | 'scopes' | 'down'>): Promise<Answer>;
  /** The plan in words. */
  plan(operation: string): string;
}

export type StartOurs = (built: Pick<BuiltGraph, 'supergraphSdl' | 'sources'>) => Ours;

/** `source` is asked for anew for each request. */
export function toClient(source: () => Source): SubgraphClient {
  return { request: ({ query, variables }) => source()(query, { ...variables }), close: async () => undefined };
}

export const startOurs: StartOurs = ({ supergraphSdl, sources }) => {
  const supergraph = loadSupergraph(supergraphSdl);
  const planner = createPlanner(supergraph);
  const engine = createPolicyEngine(null);
  const govern = createGovernance({ supergraph, engine, recorder: null, metrics: createMetrics(), clock: () => 0 });
  // The same document for the same text, as in the gateway: what is compiled for it serves again.
  const documents = new Map<string, DocumentNode>();
  const documentOf = (operation: string): DocumentNode => {
    let document = documents.get(operation);
    if (!document) documents.set(operation, (document = parse(operation)));
    return document;
  };
  return {
    plan: (operation) => printPlan(planner.plan(documentOf(operation))),
    run: async ({ operation, variables = {}, scopes, down }) => {
      const document = documentOf(operation);
      const principal = scopes ? { ...ANONYMOUS, id: 'ada', kind: 'USER' as const, tenant: 'north', scopes } : ANONYMOUS;
      const coerced = coerceVariables({ schema: supergraph.apiSchema, document, variables });
      const governed = govern(document, undefined, coerced, principal);
      return executeOperation({
        supergraph,
        plan: planner.plan(governed.document),
        document,
        variables,
        coerced,
        clients: new Map([...sources(down)].map(([name, source]) => [name, toClient(() => source)])),
        context: { ...anonymousContext(), request: { ...anonymousContext().request, principal } },
        denied: governed.denied,
      });
    },
  };
};
