import type { SubgraphsConfig } from './subgraphsConfig.js';

/**
 * What is wrong with the names in the file of MESH_SUBGRAPHS_CONFIG, now that the supergraph is known: a name that it has not, and header
 * rules for a subgraph that is told who calls by a signed context and gets no headers of clients (`signed`). Rules for all are for those
 * that are not.
 */
export function subgraphNameProblems(
  { byName, others }: SubgraphsConfig,
  names: readonly string[],
  signed: readonly string[],
): string[] {
  return [...byName].flatMap(([name, { headers }]) => {
    if (!names.includes(name))
      return [`MESH_SUBGRAPHS_CONFIG: subgraphs.${name}: the supergraph has no such subgraph; it has ${names.join(', ')}.`];
    // Without rules of its own it has those for all.
    if (!signed.includes(name) || headers === others.headers) return [];
    return [
      `MESH_SUBGRAPHS_CONFIG: subgraphs.${name}.headers: this subgraph belongs to the mesh, which sends it a signed context and no other headers. Remove the rules.`,
    ];
  });
}
