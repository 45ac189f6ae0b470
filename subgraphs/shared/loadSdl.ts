import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type DocumentNode } from 'graphql';
import type { SubgraphName } from './names.js';
import { packageRoot } from './packageRoot.js';

/** The SDL of a subgraph with the mesh's directive definitions before it. */
export function loadSubgraphSdl(name: SubgraphName | 'events'): DocumentNode {
  const read = (file: string): string => readFileSync(join(packageRoot, 'schema', file), 'utf8');
  return parse(`${read('directives.graphql')}\n${read(`${name}.graphql`)}`);
}
