import type { Queryable } from '../shared/database/Database.js';
import type { ModelRecord } from '../shared/snapshot.js';

/** Keeps what the catalog tells. An older version never replaces a newer one, so that events may repeat. */
export async function saveApprovals(database: Queryable, models: readonly ModelRecord[]): Promise<void> {
  const newest = new Map<string, ModelRecord>();
  for (const model of models) if (model.version > (newest.get(model.id)?.version ?? 0)) newest.set(model.id, model);
  if (newest.size === 0) return;
  const rows = [...newest.values()].map(({ id, tenant, approval, version }) => ({ id, tenant, approval, version }));
  await database.query(
    `insert into agents.model_approval (model_id, tenant, approval, version)
     select id, tenant, approval, version from jsonb_to_recordset($1::text::jsonb) as model (id text, tenant text, approval text, version int)
     on conflict (model_id) do update set tenant = excluded.tenant, approval = excluded.approval, version = excluded.version
       where model_approval.version < excluded.version`,
    [JSON.stringify(rows)],
  );
}

/** Undefined: the catalog has not told of the model since this table is kept; the signed route says that it is approved. */
export async function findApproval(
  database: Queryable,
  tenant: string,
  modelId: string,
): Promise<ModelRecord['approval'] | undefined> {
  const { rows } = await database.query<{ approval: ModelRecord['approval'] }>(
    `select approval from agents.model_approval where model_id = $1 and tenant = $2`,
    [modelId, tenant],
  );
  return rows[0]?.approval;
}
