import { MeshError } from '../errors.js';

export function missingKey(what: string): MeshError {
  const way = 'Set it to the same for the gateway and every subgraph; `openssl rand -hex 32` makes one';
  return new MeshError('INVALID_CONFIGURATION', `${what} needs MESH_INTERNAL_KEY. ${way}.`);
}
