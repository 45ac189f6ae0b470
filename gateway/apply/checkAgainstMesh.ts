import type { MeshClient } from './meshClient.js';
import type { MeshChange } from './difference.js';
import type { MeshFile, MeshFileProblem } from './meshFile.js';
import { findIds, type CurrentMesh } from './readCurrent.js';

/**
 * What the file cannot know by itself and the mesh would refuse, or take although it cannot work: supervisors and models that are
 * neither in the file nor in the mesh, and changes of what is fixed. Found before anything is applied.
 */
export async function checkAgainstMesh(
  client: MeshClient,
  file: MeshFile,
  current: CurrentMesh,
  changes: readonly MeshChange[],
): Promise<MeshFileProblem[]> {
  return [...(await unknownReferences(client, file)), ...fixedChanges(file, current, changes)];
}

async function unknownReferences(client: MeshClient, { agents, models }: MeshFile): Promise<MeshFileProblem[]> {
  const inFile = { agent: new Set(agents.map(({ id }) => id)), model: new Set(models.map(({ id }) => id)) };
  const references = agents.flatMap((agent, index) => [
    ...(agent.supervisor === null
      ? []
      : [{ kind: 'agent' as const, id: agent.supervisor, path: ['agents', index, 'supervisor'] }]),
    ...agent.models.map((id, place) => ({ kind: 'model' as const, id, path: ['agents', index, 'models', place] })),
  ]);
  const open = references.filter(({ kind, id }) => !inFile[kind].has(id));
  const idsOf = (wanted: 'agent' | 'model'): string[] => open.filter(({ kind }) => kind === wanted).map(({ id }) => id);
  const inMesh = { agent: await findIds(client, 'agent', idsOf('agent')), model: await findIds(client, 'model', idsOf('model')) };
  return open
    .filter(({ kind, id }) => !inMesh[kind].has(id))
    .map(({ kind, id, path }) => ({ path, message: `there is no ${kind} "${id}", neither in this file nor in the mesh` }));
}

const FIXED = new Set(['role', 'transport']);

function fixedChanges(file: MeshFile, current: CurrentMesh, changes: readonly MeshChange[]): MeshFileProblem[] {
  return changes
    .filter(({ kind, action }) => kind === 'agents' && action === 'update')
    .flatMap(({ id, fields }) => {
      const index = file.agents.findIndex((agent) => agent.id === id);
      const problems = fields
        .filter(({ name }) => FIXED.has(name))
        .map(({ name }) => ({
          path: ['agents', index, name],
          message: `the ${name} of an agent is fixed when it is registered; retire it and register another id`,
        }));
      const isRevived = current.agents.get(id)?.status === 'RETIRED' && file.agents[index]!.status !== 'RETIRED';
      if (!isRevived) return problems;
      return [...problems, { path: ['agents', index, 'id'], message: `"${id}" is retired for good; register a new agent` }];
    });
}
