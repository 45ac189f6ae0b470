import { parse } from 'graphql';
import { executeOperation, type OperationRequest } from '../../../gateway/execution/executeOperation.js';
import { parsed } from '../../../gateway/execution/Outcome.js';
import { createSectionSharing } from '../../../gateway/execution/shareSections.js';
import type { SubgraphClient } from '../../../gateway/fetch/SubgraphClient.js';
import { createGovernance } from '../../../gateway/governance/createGovernance.js';
import { createPolicyEngine } from '../../../gateway/governance/createPolicyEngine.js';
import { coerceVariables } from '../../../gateway/pipeline/handleOperation.js';
import { createPrepareOperation } from '../../../gateway/pipeline/prepareOperation.js';
import { createPlanner } from '../../../gateway/planner/createPlanner.js';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { printPlan } from '../../../gateway/planner/printPlan.js';
import { createMetrics } from '../../../gateway/telemetry/createMetrics.js';
import { createOperationCheck } from '../../../gateway/transport/operationLimits.js';
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
  return {
    request: ({ operation, variables }) => source()(operation.query, JSON.parse(variables) as Record<string, unknown>),
    close: async () => undefined,
  };
}

export const startOurs: StartOurs = ({ supergraphSdl, sources }) => {
  const supergraph = loadSupergraph(supergraphSdl);
  const planner = createPlanner(supergraph);
  const prepare = createPrepareOperation(createOperationCheck());
  const engine = createPolicyEngine(null);
  const govern = createGovernance({ supergraph, engine, recorder: null, metrics: createMetrics(), clock: () => 0 });
  return {
    plan: (operation) => printPlan(planner.plan(parse(operation))),
    run: async ({ operation, variables: given = {}, scopes, down }) => {
      // As the HTTP entrance has it: nameless, its literals variables where they can be.
      const prepared = prepare(supergraph.apiSchema, operation);
      const document = prepared?.document ?? parse(operation);
      const variables = { ...given, ...prepared?.literals };
      const principal = scopes ? { ...ANONYMOUS, id: 'ada', kind: 'USER' as const, tenant: 'north', scopes } : ANONYMOUS;
      const coerced = coerceVariables({ schema: supergraph.apiSchema, document, variables });
      const governed = govern(document, coerced, principal);
      const plan = planner.plan(governed.document);
      const request = {
        supergraph,
        plan,
        document,
        variables,
        coerced,
        clients: new Map([...sources(down)].map(([name, source]) => [name, toClient(() => source)])),
        context: { ...anonymousContext(), request: { ...anonymousContext().request, principal } },
        allowed: governed.document,
        denied: governed.denied,
      };
      const outcome = await executeOperation(request);
      const printed = outcome.print();
      const shaped = JSON.stringify(outcome.shape().data);
      // The two ways to an answer, of which the second is taken only where the first gives up.
      const answer = parsed(printed);
      const text = JSON.stringify(answer.data);
      if (text !== shaped) throw new Error(`printed ${text}, shaped ${shaped}`);
      if (plan.kind === 'query') await expectShared(request, answer);
      return answer;
    },
  };
};

/** Two who ask the same at once have it together, and each gets what he would have got alone; only what fails first is chance. */
async function expectShared(request: OperationRequest, alone: Answer): Promise<void> {
  const sharing = { sections: createSectionSharing(() => 0), view: '' };
  const both = await Promise.all([executeOperation({ ...request, sharing }), executeOperation({ ...request, sharing })]);
  for (const outcome of both) {
    const [shared, expected] = [parsed(outcome.print()), alone].map(({ data, errors = [] }) =>
      JSON.stringify([data, errors.map((error) => JSON.stringify(error)).toSorted()]),
    );
    if (shared !== expected) throw new Error(`alone ${expected}, shared ${shared}`);
  }
}
