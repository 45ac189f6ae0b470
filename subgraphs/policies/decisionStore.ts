import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';

export interface GovernanceDecision {
  readonly id: string;
  /** Empty: the caller belonged to none. */
  readonly tenant: string;
  readonly at: Date;
  /** As Cedar names it: `User::"ada"`. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string | null;
  readonly outcome: 'ALLOW' | 'DENY' | 'MASK';
  readonly rules: readonly string[];
  readonly policyVersion: string;
  readonly operation: string | null;
  readonly field: string | null;
  readonly reason: string | null;
}

export interface DecisionFilter {
  readonly outcome?: GovernanceDecision['outcome'] | null;
  readonly principal?: string | null;
  readonly action?: string | null;
  readonly resource?: string | null;
}

/** In the order of `ids`; undefined where there is none. `tenant` null: of every tenant. */
export async function findDecisionsByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
): Promise<(GovernanceDecision | undefined)[]> {
  const { rows } = await database.query<DecisionRow>(
    `select ${COLUMNS} from policies.governance_decision d where id = any($1::text[]) and ($2::text is null or tenant = $2)`,
    [ids, tenant],
  );
  const byId = new Map(rows.map((row) => [row.id, toDecision(row)]));
  return ids.map((id) => byId.get(id));
}

const MATCHES = `d.tenant = $1 and ($2::text is null or d.outcome = $2) and ($3::text is null or d.principal = $3)
  and ($4::text is null or d.action = $4) and ($5::text is null or d.resource = $5)`;

function matchValues(tenant: string, { outcome, principal, action, resource }: DecisionFilter): unknown[] {
  return [tenant, outcome ?? null, principal ?? null, action ?? null, resource ?? null];
}

/** Newest first, ties by id; one row more than the page has. */
export async function findDecisionPage(
  database: Queryable,
  tenant: string,
  filter: DecisionFilter,
  { limit, after }: PageRequest,
): Promise<GovernanceDecision[]> {
  const { rows } = await database.query<DecisionRow>(
    `select ${COLUMNS} from policies.governance_decision d
     where ${MATCHES} and ($6::timestamptz is null or d.at < $6::timestamptz or (d.at = $6::timestamptz and d.id > $7))
     order by d.at desc, d.id limit $8`,
    [...matchValues(tenant, filter), after?.sortKey ?? null, after?.id ?? null, limit + 1],
  );
  return rows.map(toDecision);
}

export async function countDecisions(database: Queryable, tenant: string, filter: DecisionFilter): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from policies.governance_decision d where ${MATCHES}`,
    matchValues(tenant, filter),
  );
  return rows[0]!.count;
}

/**
 * One page for each entity (`Agent::"a1"`), in the order of `entities`: decisions that it asked for or that were about it. Two arms
 * with an index each and not an `or`, which would read the tenant's decisions from the newest until the page is full.
 */
export async function findDecisionPagesOf(
  database: Queryable,
  tenant: string,
  entities: readonly string[],
  { limit, after }: PageRequest,
): Promise<GovernanceDecision[][]> {
  const arm = (column: 'principal' | 'resource'): string => `
    (select * from policies.governance_decision ${column}_arm
     where tenant = $1 and ${column} = e.entity
       and ($3::timestamptz is null or at < $3::timestamptz or (at = $3::timestamptz and id > $4))
     order by at desc, id limit $5)`;
  const { rows } = await database.query<DecisionRow & { entity: string }>(
    `select e.entity, ${COLUMNS}
     from unnest($2::text[]) as e (entity)
     cross join lateral (
       select * from (${arm('principal')} union ${arm('resource')}) both_arms order by at desc, id limit $5
     ) d
     order by d.at desc, d.id`,
    [tenant, entities, after?.sortKey ?? null, after?.id ?? null, limit + 1],
  );
  const byEntity = new Map(entities.map((entity) => [entity, [] as GovernanceDecision[]]));
  for (const { entity, ...row } of rows) byEntity.get(entity)?.push(toDecision(row));
  return entities.map((entity) => byEntity.get(entity)!);
}

/** How many decisions each entity asked for or was the matter of, in the order of `entities`. */
export async function countDecisionsOf(database: Queryable, tenant: string, entities: readonly string[]): Promise<number[]> {
  const { rows } = await database.query<{ entity: string; count: number }>(
    `select e.entity, (
       select count(*)::int from policies.governance_decision d where d.tenant = $1 and d.principal = e.entity
     ) + (
       select count(*)::int from policies.governance_decision d
       where d.tenant = $1 and d.resource = e.entity and d.principal <> e.entity
     ) as count
     from unnest($2::text[]) as e (entity)`,
    [tenant, entities],
  );
  const byEntity = new Map(rows.map(({ entity, count }) => [entity, count]));
  return entities.map((entity) => byEntity.get(entity)!);
}

/** The decisions that were not there yet, in the order given. */
export async function addDecisions(tx: Queryable, decisions: readonly GovernanceDecision[]): Promise<GovernanceDecision[]> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into policies.governance_decision (id, tenant, at, principal, action, resource, outcome, rules, policy_version, operation,
       field, reason)
     select id, tenant, at, principal, action, resource, outcome, rules, "policyVersion", operation, field, reason
     from jsonb_to_recordset($1::text::jsonb) as d (id text, tenant text, at timestamptz, principal text, action text, resource text,
       outcome text, rules text[], "policyVersion" text, operation text, field text, reason text)
     on conflict (id) do nothing
     returning id`,
    [JSON.stringify(decisions)],
  );
  const added = new Set(rows.map(({ id }) => id));
  // An id may come twice in one call; deleting leaves the second out.
  return decisions.filter(({ id }) => added.delete(id));
}

const COLUMNS = `d.id, d.tenant, d.at, d.principal, d.action, d.resource, d.outcome, d.rules, d.policy_version, d.operation, d.field,
  d.reason`;

interface DecisionRow extends Omit<GovernanceDecision, 'policyVersion'> {
  policy_version: string;
}

function toDecision({ policy_version, ...row }: DecisionRow): GovernanceDecision {
  return { ...row, policyVersion: policy_version };
}
