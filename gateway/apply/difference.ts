import { canonicalJson } from '../../subgraphs/shared/canonicalJson.js';
import type { MeshFile } from './meshFile.js';
import type { CurrentMesh } from './readCurrent.js';

export type MeshKind = 'models' | 'agents' | 'budgets' | 'policies' | 'evaluators';

/** One entry of the file against what the mesh holds. `fields` is empty for a new one. */
export interface MeshChange {
  readonly kind: MeshKind;
  readonly id: string;
  readonly action: 'create' | 'update' | 'none';
  readonly fields: readonly { readonly name: string; readonly from: unknown; readonly to: unknown }[];
}

/** Not shown by the API (`endpoint` and `apiKeyEnv` of a model are configuration, not catalogue), so they cannot be compared. */
const UNSEEN: { readonly [Kind in MeshKind]?: readonly string[] } = { models: ['endpoint', 'apiKeyEnv'] };

/** In the order in which they can be applied: what others refer to comes first, supervisors before whom they supervise. */
export function difference(file: MeshFile, current: CurrentMesh): MeshChange[] {
  const ordered = { ...file, agents: supervisorsFirst(file.agents) };
  return (['models', 'budgets', 'policies', 'evaluators', 'agents'] as const).flatMap((kind) =>
    ordered[kind].map((wanted) => compare(kind, wanted, current[kind].get(wanted.id))),
  );
}

/** Otherwise as they stand in the file, in which no chain of supervisors is a ring. */
function supervisorsFirst(agents: MeshFile['agents']): MeshFile['agents'] {
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  const placed = new Set<MeshFile['agents'][number]>();
  for (const agent of agents) {
    const chain = [];
    for (let above: typeof agent | undefined = agent; above && !placed.has(above); above = byId.get(above.supervisor ?? ''))
      chain.unshift(above);
    for (const each of chain) placed.add(each);
  }
  return [...placed];
}

function compare(kind: MeshKind, wanted: { id: string }, present: object | undefined): MeshChange {
  if (!present) return { kind, id: wanted.id, action: 'create', fields: [] };
  const held = present as Record<string, unknown>;
  const fields = Object.entries(wanted)
    .filter(([name, to]) => !UNSEEN[kind]?.includes(name) && comparable(held[name]) !== comparable(to))
    .map(([name, to]) => ({ name, from: held[name], to }));
  return { kind, id: wanted.id, action: fields.length > 0 ? 'update' : 'none', fields };
}

/** Decimals are equal when their values are, whatever zeros were written; white space around a policy's text means nothing. */
function comparable(value: unknown): string {
  return canonicalJson(normalise(value ?? null));
}

function normalise(value: unknown): unknown {
  if (typeof value === 'string') return /^\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value.trim();
  if (Array.isArray(value)) return value.map(normalise);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normalise(item)]));
}
