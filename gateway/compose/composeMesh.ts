import { composeServices } from '@apollo/composition';
import { visit, type DocumentNode } from 'graphql';
import { MeshError } from '../errors.js';
import { lintSubgraph } from './lintSubgraph.js';

export interface SubgraphSource {
  readonly name: string;
  /** Where the gateway calls it. */
  readonly url: string;
  readonly typeDefs: DocumentNode;
}

/**
 * Composes subgraphs into a supergraph, after checking the rules that composition itself does not. Throws COMPOSITION_FAILED with
 * every problem. Pure: the same sources give the same text.
 */
export function composeMesh(sources: readonly SubgraphSource[]): string {
  const problems = sources.flatMap(lintSubgraph);
  const composed = composeServices(
    sources.map(({ name, url, typeDefs }) => ({ name, url, typeDefs: withoutLocations(typeDefs) })),
  );
  if (composed.errors) problems.push(...composed.errors.map(({ message }) => message));
  if (problems.length > 0 || !composed.supergraphSdl) {
    throw new MeshError(
      'COMPOSITION_FAILED',
      `The subgraphs do not compose; ${problems.length} problem(s):\n${problems.join('\n')}`,
      {
        extensions: { problems },
      },
    );
  }
  return `${composed.supergraphSdl.trimEnd()}\n`;
}

/** Composition keeps the nodes that it is given; without their places they do not keep the source texts alive. */
function withoutLocations(document: DocumentNode): DocumentNode {
  return visit(document, { enter: ({ loc: _loc, ...node }) => node as typeof document });
}
