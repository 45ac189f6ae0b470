import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { parse, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { createMonolith, type Monolith } from './createMonolith.js';
import { createSubgraph, type RunSubgraph } from './createSubgraph.js';
import type { FederationCase } from './FederationCase.js';
import { readGraph } from './readGraph.js';

/** One request to a subgraph, answered with fresh JSON as if it came from elsewhere. */
export type Source = (
  query: string,
  variables: Record<string, unknown>,
) => Promise<{ data?: Record<string, unknown> | null; errors?: GraphQLFormattedError[] }>;

export interface BuiltGraph {
  readonly supergraphSdl: string;
  /** What clients may ask, by the stock implementation. */
  readonly apiSchema: GraphQLSchema;
  readonly monolith: Monolith;
  readonly subgraphs: ReadonlyMap<string, RunSubgraph>;
  /** The subgraphs as one operation meets them; those of `down` reject. */
  sources(down?: readonly string[]): ReadonlyMap<string, Source>;
  /** What subgraphs were asked since `sources` was last called. */
  asked(): readonly string[];
}

/** Or the reasons why the subgraphs do not compose. */
export function buildGraph({
  subgraphs,
  data,
}: Pick<FederationCase, 'subgraphs' | 'data'>): BuiltGraph | { readonly problems: string[] } {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({
    name,
    url: `http://${name}.invalid`,
    typeDefs: parse(sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) return { problems: errors!.map(({ message }) => message) };
  const graph = readGraph(subgraphs);
  const apiSchema = Supergraph.build(supergraphSdl, { supportedFeatures: null, validateSupergraph: false })
    .apiSchema()
    .toGraphQLJSSchema();
  let asked: string[] = [];
  const running = new Map(Object.entries(subgraphs).map(([name, sdl]) => [name, createSubgraph(name, sdl, graph, data)]));
  return {
    supergraphSdl,
    apiSchema,
    monolith: createMonolith(apiSchema, graph, data),
    subgraphs: running,
    asked: () => asked,
    sources: (down = []) => {
      const log: string[] = [];
      asked = [];
      const dead: Source = () => Promise.reject(new Error('down'));
      const alive =
        (run: RunSubgraph): Source =>
        async (query, variables) => {
          asked.push(query);
          return JSON.parse(JSON.stringify(await run(query, variables, log))) as Awaited<ReturnType<Source>>;
        };
      return new Map([...running].map(([name, run]) => [name, down.includes(name) ? dead : alive(run)]));
    },
  };
}
