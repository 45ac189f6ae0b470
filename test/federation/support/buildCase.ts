import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { parse, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { SubgraphClient } from '../../../gateway/fetch/SubgraphClient.js';
import { createMonolith, type Monolith } from './createMonolith.js';
import { createSubgraph, type RunSubgraph } from './createSubgraph.js';
import type { FederationCase } from './FederationCase.js';
import { readGraph } from './readGraph.js';

export interface BuiltGraph {
  readonly supergraphSdl: string;
  /** What clients may ask, by the stock implementation. */
  readonly apiSchema: GraphQLSchema;
  readonly monolith: Monolith;
  readonly subgraphs: ReadonlyMap<string, RunSubgraph>;
  /** Clients for one operation; those of `down` reject. */
  clients(down?: readonly string[]): ReadonlyMap<string, SubgraphClient>;
}

/** Null, with the reasons, when the subgraphs do not compose. */
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
  const running = new Map(Object.entries(subgraphs).map(([name, sdl]) => [name, createSubgraph(name, sdl, graph, data)]));
  return {
    supergraphSdl,
    apiSchema,
    monolith: createMonolith(apiSchema, graph, data),
    subgraphs: running,
    clients: (down = []) => {
      const log: string[] = [];
      return new Map([...running].map(([name, run]) => [name, down.includes(name) ? DEAD : clientOf(run, log)]));
    },
  };
}

const DEAD: SubgraphClient = { request: () => Promise.reject(new Error('down')), close: async () => undefined };

function clientOf(run: RunSubgraph, log: string[]): SubgraphClient {
  return {
    request: async ({ query, variables }) => overTheWire(await run(query, { ...variables }, log)),
    close: async () => undefined,
  };
}

/** As it arrives from elsewhere: fresh objects, no more than JSON. */
function overTheWire(result: ExecutionResult): { data?: Record<string, unknown> | null } {
  return JSON.parse(JSON.stringify(result)) as { data?: Record<string, unknown> | null };
}
