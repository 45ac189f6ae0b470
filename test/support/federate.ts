import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse, validate, type GraphQLFieldResolver } from 'graphql';
import { executeOperation } from '../../gateway/execution/executeOperation.js';
import { parsed, type OperationResult } from '../../gateway/execution/Outcome.js';
import type { SubgraphClient, SubgraphResponse } from '../../gateway/fetch/SubgraphClient.js';
import { createGovernance } from '../../gateway/governance/createGovernance.js';
import type { PolicyEngine } from '../../gateway/governance/createPolicyEngine.js';
import { coerceVariables } from '../../gateway/pipeline/handleOperation.js';
import { createPlanner, type Planner, type PlannerOptions } from '../../gateway/planner/createPlanner.js';
import { loadSupergraph, type Supergraph } from '../../gateway/planner/loadSupergraph.js';
import { printPlan } from '../../gateway/planner/printPlan.js';
import { createMetrics } from '../../gateway/telemetry/createMetrics.js';
import { ANONYMOUS, type Principal } from '../../subgraphs/shared/principal.js';
import { expect } from 'vitest';
import { anonymousContext } from './anonymousContext.js';

// oxlint-disable-next-line typescript/no-explicit-any
type Resolvers = Record<string, Record<string, GraphQLFieldResolver<any, any> | ((reference: any) => unknown)>>;
export type Subgraphs = Readonly<Record<string, readonly [sdl: string, resolvers?: Resolvers]>>;

export interface Federation {
  readonly sdl: string;
  readonly supergraph: Supergraph;
  readonly planner: Planner;
  /** What subgraphs were asked, as `name: query`. */
  readonly asked: readonly string[];
  /** As readable text. */
  plan(query: string): string;
  /** As nobody, unless told who. */
  run(query: string, variables?: Record<string, unknown>, principal?: Principal): Promise<OperationResult>;
}

/** Imports of federation directives, for the beginning of a subgraph. */
export function link(version: string, ...directives: string[]): string {
  const names = directives.map((name) => `"@${name}"`).join(', ');
  return `extend schema @link(url: "https://specs.apollo.dev/federation/v${version}", import: [${names}])\n`;
}

export function compose(subgraphs: Readonly<Record<string, string>>): string {
  const composed = composeServices(
    Object.entries(subgraphs).map(([name, text]) => ({ name, url: `http://${name}.invalid`, typeDefs: parse(text) })),
  );
  if (!composed.supergraphSdl) throw new Error(composed.errors!.map(String).join('\n'));
  return composed.supergraphSdl;
}

/** Permits nothing. */
const noPolicies: PolicyEngine = {
  resource: () => ({ type: 'Tenant', id: 'demo' }),
  decide: () => ({ allowed: false, rules: [], errors: [], policyVersion: 'v', reason: 'no policy permits it' }),
};

/** Subgraphs inside this process, composed and planned for. */
export function federate(subgraphs: Subgraphs, options: PlannerOptions = {}): Federation {
  const sdl = compose(Object.fromEntries(Object.entries(subgraphs).map(([name, [text]]) => [name, text])));
  const supergraph = loadSupergraph(sdl);
  const planner = createPlanner(supergraph, options);
  const asked: string[] = [];
  const clients = new Map<string, SubgraphClient>();
  for (const [name, [text, resolvers = {}]] of Object.entries(subgraphs)) {
    const schema = buildSubgraphSchema({ typeDefs: parse(text), resolvers });
    clients.set(name, {
      request: async ({ operation: { query, operationName }, variables }) => {
        asked.push(`${name}: ${query}`);
        const variableValues = JSON.parse(variables) as Record<string, unknown>;
        const result = await graphql({ schema, source: query, variableValues, operationName });
        return JSON.parse(JSON.stringify(result)) as SubgraphResponse;
      },
      close: async () => undefined,
    });
  }
  const govern = createGovernance({ supergraph, engine: noPolicies, recorder: null, metrics: createMetrics(), clock: () => 0 });
  return {
    sdl,
    supergraph,
    planner,
    asked,
    plan: (query) => printPlan(planner.plan(parse(query))),
    run: async (query, variables = {}, principal = ANONYMOUS) => {
      const document = parse(query);
      const invalid = validate(supergraph.apiSchema, document);
      if (invalid.length > 0) throw new Error(invalid.map(String).join('\n'));
      const coerced = coerceVariables({ schema: supergraph.apiSchema, document, variables });
      const governed = govern(document, coerced, principal);
      const plan = planner.plan(governed.document);
      const { denied, document: allowed } = governed;
      const context = anonymousContext();
      const request = { supergraph, plan, document, variables, coerced, allowed, denied, clients, context };
      const outcome = await executeOperation(request);
      const printed = outcome.print();
      // The two ways to an answer.
      const answer = parsed(printed);
      expect(JSON.stringify(answer.data)).toBe(JSON.stringify(outcome.shape().data));
      return answer;
    },
  };
}
