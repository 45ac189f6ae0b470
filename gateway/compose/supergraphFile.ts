import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSubgraphSdl } from '../../subgraphs/shared/loadSdl.js';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import { MeshError } from '../errors.js';
import { composeMesh } from './composeMesh.js';

const FIRST_PORT = 4001;
const file = join(packageRoot, 'schema/supergraph.graphql');

/** The mesh's own supergraph, from `schema/`: the five subgraphs on ports 4001 to 4005 of this machine, and the events, which no service runs. */
export function composeOwnSupergraph(): string {
  const services = SUBGRAPH_NAMES.map((name, index) => ({
    name,
    url: `http://127.0.0.1:${FIRST_PORT + index}/graphql`,
    typeDefs: loadSubgraphSdl(name),
  }));
  return composeMesh([...services, { name: 'events', url: 'http://events.invalid', typeDefs: loadSubgraphSdl('events') }]);
}

/** Writes schema/supergraph.graphql when it differs; says whether it did. */
export function writeOwnSupergraph(): boolean {
  const composed = composeOwnSupergraph();
  if (existsSync(file) && readFileSync(file, 'utf8') === composed) return false;
  writeFileSync(file, composed);
  return true;
}

/** Throws COMPOSITION_FAILED when schema/supergraph.graphql is not what the other files compose to. */
export function checkOwnSupergraph(): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === composeOwnSupergraph()) return;
  throw new MeshError(
    'COMPOSITION_FAILED',
    'schema/supergraph.graphql is not what schema/ composes to. Run `npm run mesh -- compose` and commit it.',
  );
}
