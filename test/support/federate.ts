import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse, type GraphQLFieldResolver } from 'graphql';
import { executeOperation, type OperationResult } from '../../gateway/execution/executeOperation.js';
import type { SubgraphClient, SubgraphResponse } from '../../gateway/fetch/SubgraphClient.js';
import { coerceVariables } from '../../gateway/pipeline/handleOperation.js';
import { createPlanner, type Planner, type PlannerOptions } from '../../gateway/planner/createPlanner.js';
import { loadSupergraph, type Supergraph } from '../../gateway/planner/loadSupergraph.js';
import { printPlan } from '../../gateway/planner/printPlan.js';
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
  run(query: string, variables?: Record<string, unknown>): Promise<OperationResult>;
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
      request: async ({ query, variables, operationName }) => {
        asked.push(`${name}: ${query}`);
        const result = await graphql({ schema, source: query, variableValues: variables, operationName });
        return JSON.parse(JSON.stringify(result)) as SubgraphResponse;
      },
      close: async () => undefined,
    });
  }
  return {
    sdl,
    supergraph,
    planner,
    asked,
    plan: (query) => printPlan(planner.plan(parse(query))),
    run: async (query, variables = {}) => {
      const document = parse(query);
      const coerced = coerceVariables({ schema: supergraph.apiSchema, document, variables });
      const plan = planner.plan(document);
      return executeOperation({ supergraph, plan, document, variables, coerced, clients, context: anonymousContext() });
    },
  };
}
