import { applyChanges } from './applyMesh.js';
import { difference, type MeshChange } from './difference.js';
import type { MeshClient } from './meshClient.js';
import { checkAgainstMesh } from './checkAgainstMesh.js';
import { readMeshFile } from './meshFile.js';
import { readCurrent } from './readCurrent.js';

/**
 * The whole of `mesh apply`: validate, compare, check references, show, apply. Prints through `print`, a line at a time, and resolves to the changes.
 * Throws INVALID_MESH_FILE before anything is changed, APPLY_FAILED when the mesh refused something.
 */
export async function runApply(options: {
  text: string;
  /** As it is shown in problems. */
  fileName: string;
  client: MeshClient;
  dryRun: boolean;
  print: (line: string) => void;
}): Promise<MeshChange[]> {
  const { file, refuse } = readMeshFile(options.text, options.fileName);
  const current = await readCurrent(options.client, file);
  const changes = difference(file, current);
  const problems = await checkAgainstMesh(options.client, file, current, changes);
  if (problems.length > 0) throw refuse(problems);
  const open = changes.filter(({ action }) => action !== 'none');
  if (open.length === 0) {
    options.print(`Nothing to change: the mesh already is as ${options.fileName} says (${changes.length} entries).`);
    return changes;
  }
  if (options.dryRun) {
    for (const change of open) describe(change).forEach(options.print);
    options.print(`${open.length} of ${changes.length} entries would change. Nothing was applied.`);
    return changes;
  }
  await applyChanges(options.client, file, open, (change) => describe(change).forEach(options.print));
  options.print(`${open.length} of ${changes.length} entries applied.`);
  return changes;
}

const SINGULAR = { models: 'model', agents: 'agent', budgets: 'budget', policies: 'policy', evaluators: 'evaluator' } as const;

function describe({ kind, id, action, fields }: MeshChange): string[] {
  const what = `${SINGULAR[kind]} ${id}`;
  if (action === 'create') return [`+ ${what}`];
  return [`~ ${what}`, ...fields.map(({ name, from, to }) => `    ${name}: ${shown(from)} → ${shown(to)}`)];
}

const SHOWN_CHARACTERS = 200;

function shown(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
