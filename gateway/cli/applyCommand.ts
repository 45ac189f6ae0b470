import { readFile } from 'node:fs/promises';
import { runApply } from '../apply/runApply.js';
import { createMeshClient } from '../apply/meshClient.js';
import { MeshError } from '../errors.js';

export interface ApplyOptions {
  readonly dryRun?: boolean;
  readonly url: string;
  readonly token?: string;
}

/** `mesh apply FILE [--dry-run]`. */
export async function applyCommand(file: string, { dryRun = false, url, token }: ApplyOptions): Promise<void> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new MeshError('INVALID_MESH_FILE', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
  const client = createMeshClient({ url, ...(token === undefined ? {} : { token }) });
  await runApply({ text, fileName: file, client, dryRun, print: (line) => process.stdout.write(`${line}\n`) });
}
