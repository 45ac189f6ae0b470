import { z } from 'zod';
import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import { MeshError } from '../shared/errors.js';
import { newEvent, publish } from '../shared/outbox.js';

const text = z.string().max(2_000);
const decisionSchema = z.object({
  id: z.string().min(1).max(200),
  at: z.iso.datetime(),
  tenant: text,
  principal: text,
  action: text,
  resource: text.nullable(),
  outcome: z.enum(['ALLOW', 'DENY', 'MASK']),
  rules: z.array(text).max(200),
  policyVersion: text,
  operation: text.nullable(),
  field: text.nullable(),
  reason: text.nullable(),
});

/** A decision as the gateway reports it. `at` is RFC 3339. */
export type DecisionRow = z.infer<typeof decisionSchema>;

export interface GovernanceDecision extends Omit<DecisionRow, 'at'> {
  readonly at: Date;
}

export interface DecisionFilter {
  readonly outcome?: GovernanceDecision['outcome'] | null;
  readonly principal?: string | null;
  readonly action?: string | null;
  readonly resource?: string | null;
}

const MAX_BATCH = 1_000;

/** Adds the decisions that are new and tells of each; how many those are. Throws BAD_USER_INPUT when one is malformed. */
export async function addDecisions(tx: Queryable, decisions: unknown, nowMs: number): Promise<number> {
  const parsed = z.array(decisionSchema).max(MAX_BATCH).safeParse(decisions);
  if (!parsed.success) {
    throw new MeshError(
      'BAD_USER_INPUT',
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    );
  }
  const { rows } = await tx.query<{ id: string }>(
    `insert into policies.governance_decision
       (id, at, tenant, principal, action, resource, outcome, rules, policy_version, operation, field, reason)
     select id, at, tenant, principal, action, resource, outcome, rules, "policyVersion", operation, field, reason
     from jsonb_to_recordset($1::text::jsonb) as d (id text, at timestamptz, tenant text, principal text, action text, resource text,
       outcome text, rules text[], "policyVersion" text, operation text, field text, reason text)
     on conflict (id) do nothing returning id`,
    [JSON.stringify(parsed.data)],
  );
  const added = new Set(rows.map(({ id }) => id));
  for (const { id, tenant, outcome, action, principal, resource } of parsed.data.filter((decision) =>
    added.delete(decision.id),
  )) {
    const data = { tenant, decisionId: id, outcome, action, principal, resource };
    await publish(tx, 'policies', newEvent('decision.recorded', id, data, { subgraph: 'policies', nowMs }));
  }
  return rows.length;
}

const COLUMNS =
  'id, at, tenant, principal, action, resource, outcome, rules, policy_version as "policyVersion", operation, field, reason';
const MATCHES = `tenant = $1 and ($2::text is null or outcome = $2) and ($3::text is null or principal = $3)
  and ($4::text is null or action = $4) and ($5::text is null or resource = $5)
  and ($6::text is null or resource = $6 or principal = $6)`;

/** `about` narrows further to what was decided on or for one entity, as Cedar names it. */
function matchValues(tenant: string, filter: DecisionFilter, about: string | null): unknown[] {
  const { outcome, principal, action, resource } = filter;
  return [tenant, outcome ?? null, principal ?? null, action ?? null, resource ?? null, about];
}

/** Newest first, ties by id; one row more than the page has. */
export async function findDecisionPage(
  database: Queryable,
  tenant: string,
  filter: DecisionFilter,
  about: string | null,
  { limit, after }: PageRequest,
): Promise<GovernanceDecision[]> {
  const { rows } = await database.query<GovernanceDecision>(
    `select ${COLUMNS} from policies.governance_decision where ${MATCHES}
       and ($7::timestamptz is null or at < $7::timestamptz or (at = $7::timestamptz and id > $8))
     order by at desc, id limit $9`,
    [...matchValues(tenant, filter, about), after?.sortKey ?? null, after?.id ?? null, limit + 1],
  );
  return rows;
}

export async function countDecisions(
  database: Queryable,
  tenant: string,
  filter: DecisionFilter,
  about: string | null,
): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from policies.governance_decision where ${MATCHES}`,
    matchValues(tenant, filter, about),
  );
  return rows[0]!.count;
}

/** For each entity its newest decisions, `limit + 1` at most, and how many there are in all: one statement for all of them. */
export async function findDecisionsAbout(
  database: Queryable,
  tenant: string,
  entities: readonly string[],
  limit: number,
): Promise<{ rows: GovernanceDecision[]; total: number }[]> {
  const { rows } = await database.query<GovernanceDecision & { entity: string; total: number }>(
    `select entity, newest.*, (
         select count(*)::int from policies.governance_decision where tenant = $1 and (resource = entity or principal = entity)) as total
     from unnest($2::text[]) as entity
     cross join lateral (
       select ${COLUMNS} from policies.governance_decision where tenant = $1 and (resource = entity or principal = entity)
       order by at desc, id limit $3) newest
     order by newest.at desc, newest.id`,
    [tenant, entities, limit + 1],
  );
  return entities.map((entity) => {
    const own = rows.filter((row) => row.entity === entity);
    return { rows: own, total: own[0]?.total ?? 0 };
  });
}

/** In the order of `ids`; undefined where there is none. */
export async function findDecisionsByIds(
  database: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<(GovernanceDecision | undefined)[]> {
  const { rows } = await database.query<GovernanceDecision>(
    `select ${COLUMNS} from policies.governance_decision where tenant = $1 and id = any($2::text[])`,
    [tenant, ids],
  );
  const byId = new Map(rows.map((decision) => [decision.id, decision]));
  return ids.map((id) => byId.get(id));
}
