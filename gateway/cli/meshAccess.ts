import { isLoopback } from '../config/readConfig.js';
import { MeshError } from '../errors.js';

/** Where a command finds the mesh, and as whom. */
export interface MeshAccess {
  readonly url: string;
  readonly token: string | undefined;
}

/**
 * MESH_TOKEN, or, against this machine only, the development token that suits the command: a mesh elsewhere is never sent one.
 * Throws INVALID_CONFIGURATION when the URL is none.
 */
export function readAccess(url: string, token: string | undefined, devToken: string): MeshAccess {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new MeshError('INVALID_CONFIGURATION', `--url ${url}: write an http or https URL, such as http://127.0.0.1:4000.`);
  return { url, token: token ?? (isLoopback(new URL(url).hostname) ? devToken : undefined) };
}
