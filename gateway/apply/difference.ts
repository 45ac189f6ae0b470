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

/** In the order in which they can be applied: what others refer to comes first. */
export function difference(file: MeshFile, current: CurrentMesh): MeshChange[] {
  return (['models', 'budgets', 'policies', 'evaluators', 'agents'] as const).flatMap((kind) =>
    file[kind].map((wanted) => compare(kind, wanted, current[kind].get(wanted.id))),
  );
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
