import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import type { PolicyRecord } from '../shared/snapshot.js';

export interface Policy extends PolicyRecord {
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly updatedAt: Date;
}

/** The tenant of policies that hold for every tenant. */
export const EVERY_TENANT = '*';

const COLUMNS = 'id, tenant, cedar, description, tags, enabled, version, updated_at as "updatedAt"';

/** In the order of `ids`: the tenant's own and those of every tenant; undefined where there is none. `tenant` null: of any tenant. */
export async function findPoliciesByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
): Promise<(Policy | undefined)[]> {
  const { rows } = await database.query<Policy>(
    `select ${COLUMNS} from policies.policy where id = any($1::text[]) and ($2::text is null or tenant in ($2, '${EVERY_TENANT}'))`,
    [ids, tenant],
  );
  const byId = new Map(rows.map((policy) => [policy.id, policy]));
  return ids.map((id) => byId.get(id));
}

/** Newest first, ties by id; one row more than the page has. */
export async function findPolicyPage(database: Queryable, tenant: string, { limit, after }: PageRequest): Promise<Policy[]> {
  const { rows } = await database.query<Policy>(
    `select ${COLUMNS} from policies.policy where tenant in ($1, '${EVERY_TENANT}')
       and ($2::timestamptz is null or updated_at < $2::timestamptz or (updated_at = $2::timestamptz and id > $3))
     order by updated_at desc, id limit $4`,
    [tenant, after?.sortKey ?? null, after?.id ?? null, limit + 1],
  );
  return rows;
}

export async function countPolicies(database: Queryable, tenant: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from policies.policy where tenant in ($1, '${EVERY_TENANT}')`,
    [tenant],
  );
  return rows[0]!.count;
}

/** The enabled ones that decide for a tenant. */
export async function findDeciding(database: Queryable, tenant: string): Promise<Policy[]> {
  const { rows } = await database.query<Policy>(
    `select ${COLUMNS} from policies.policy where enabled and tenant in ($1, '${EVERY_TENANT}') order by id`,
    [tenant],
  );
  return rows;
}

/** Of every tenant, by id, after `after`. For the gateway's snapshot. */
export async function findPoliciesAfter(database: Queryable, after: string, limit: number): Promise<Policy[]> {
  const { rows } = await database.query<Policy>(`select ${COLUMNS} from policies.policy where id > $1 order by id limit $2`, [
    after,
    limit,
  ]);
  return rows;
}

export async function savePolicy(tx: Queryable, policy: Policy): Promise<void> {
  await tx.query(
    `insert into policies.policy (id, tenant, cedar, description, tags, enabled, version, updated_at)
     values ($1, $2, $3, $4, $5::text[], $6, $7, $8)
     on conflict (id) do update set cedar = excluded.cedar, description = excluded.description, tags = excluded.tags,
       enabled = excluded.enabled, version = excluded.version, updated_at = excluded.updated_at`,
    [policy.id, policy.tenant, policy.cedar, policy.description, policy.tags, policy.enabled, policy.version, policy.updatedAt],
  );
}

export function toPolicyRecord({ id, tenant, cedar, enabled, version }: Policy): PolicyRecord {
  return { id, tenant, cedar, enabled, version };
}
