import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import type { PolicyRecord } from '../shared/snapshot.js';

export interface Policy extends PolicyRecord {
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The tenant of the policies that hold for all. */
export const EVERY_TENANT = '*';

/** In the order of `ids`; undefined where there is none. A tenant sees its own and those of every tenant; `tenant` null sees all. */
export async function findPoliciesByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
): Promise<(Policy | undefined)[]> {
  const policies = await select(
    database,
    `id = any($1::text[]) and ($2::text is null or tenant in ($2, '${EVERY_TENANT}'))`,
    'id',
    [ids, tenant],
  );
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  return ids.map((id) => byId.get(id));
}

/** A tenant's own and those of every tenant, newest first, ties by id; one row more than the page has. */
export function findPolicyPage(database: Queryable, tenant: string, { limit, after }: PageRequest): Promise<Policy[]> {
  const where = `tenant in ($1, '${EVERY_TENANT}') and
    ($2::timestamptz is null or created_at < $2::timestamptz or (created_at = $2::timestamptz and id > $3))`;
  return select(database, where, 'created_at desc, id limit $4', [tenant, after?.sortKey ?? null, after?.id ?? null, limit + 1]);
}

export async function countPolicies(database: Queryable, tenant: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from policies.policy where tenant in ($1, '${EVERY_TENANT}')`,
    [tenant],
  );
  return rows[0]!.count;
}

/** The enabled policies that decide for a tenant. */
export function findPoliciesInForce(database: Queryable, tenant: string): Promise<Policy[]> {
  return select(database, `enabled and tenant in ($1, '${EVERY_TENANT}')`, 'id', [tenant]);
}

/** Of every tenant, by id, after `after`. For the gateway's snapshot. */
export function findPoliciesAfter(database: Queryable, after: string, limit: number): Promise<Policy[]> {
  return select(database, 'id > $1', 'id limit $2', [after, limit]);
}

export async function savePolicy(tx: Queryable, policy: Policy): Promise<void> {
  await tx.query(
    `insert into policies.policy (id, tenant, cedar, description, tags, enabled, version, created_at, updated_at)
     values ($1, $2, $3, $4, $5::text[], $6, $7, $8, $9)
     on conflict (id) do update set cedar = excluded.cedar, description = excluded.description, tags = excluded.tags,
       enabled = excluded.enabled, version = excluded.version, updated_at = excluded.updated_at`,
    [
      policy.id,
      policy.tenant,
      policy.cedar,
      policy.description,
      policy.tags,
      policy.enabled,
      policy.version,
      policy.createdAt,
      policy.updatedAt,
    ],
  );
}

/** What the gateway holds of a policy. */
export function toPolicyRecord({ id, tenant, cedar, enabled, version }: Policy): PolicyRecord {
  return { id, tenant, cedar, enabled, version };
}

interface PolicyRow extends Pick<Policy, 'id' | 'tenant' | 'cedar' | 'description' | 'tags' | 'enabled' | 'version'> {
  created_at: Date;
  updated_at: Date;
}

async function select(database: Queryable, where: string, order: string, values: readonly unknown[]): Promise<Policy[]> {
  const { rows } = await database.query<PolicyRow>(
    `select id, tenant, cedar, description, tags, enabled, version, created_at, updated_at
     from policies.policy where ${where} order by ${order}`,
    values,
  );
  return rows.map(({ created_at, updated_at, ...policy }) => ({ ...policy, createdAt: created_at, updatedAt: updated_at }));
}
