import type { PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import { formatUsd, parseUsd } from '../shared/money.js';
import type { AgentRecord } from '../shared/snapshot.js';

export interface AgentSkill {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly taskClasses: readonly string[];
}

export interface Agent {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly description: string | null;
  readonly role: string;
  readonly tier: AgentRecord['tier'];
  readonly status: AgentRecord['status'];
  readonly transport: AgentRecord['transport'];
  /** Where it is: `builtin:docs` and the like of a BUILTIN agent, the URL of its AgentCard of an A2A agent, else a URL. */
  readonly endpoint: string | null;
  readonly instructions: string | null;
  readonly skills: readonly AgentSkill[];
  readonly authority: AgentRecord['authority'];
  readonly regions: readonly string[];
  readonly modelIds: readonly string[];
  readonly supervisorId: string | null;
  readonly version: number;
  readonly createdAt: Date;
}

export interface AgentFilter {
  readonly taskClass?: string | null;
  readonly tier?: string | null;
  readonly status?: string | null;
  readonly skill?: string | null;
}

/** In the order of `ids`; undefined where there is none. `tenant` null: of every tenant. */
export async function findAgentsByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
): Promise<(Agent | undefined)[]> {
  const agents = await select(database, 'id = any($1::text[]) and ($2::text is null or tenant = $2)', 'id', [ids, tenant]);
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  return ids.map((id) => byId.get(id));
}

/** In the order of `supervisorIds`, each list by id. */
export async function findReports(
  database: Queryable,
  tenant: string | null,
  supervisorIds: readonly string[],
): Promise<Agent[][]> {
  const where = 'supervisor_id = any($1::text[]) and ($2::text is null or tenant = $2)';
  const agents = await select(database, where, 'id', [supervisorIds, tenant]);
  return supervisorIds.map((supervisorId) => agents.filter((agent) => agent.supervisorId === supervisorId));
}

const MATCHES = `tenant = $1 and ($2::text is null or tier = $2) and ($3::text is null or status = $3)
  and ($4::text is null or skills @> jsonb_build_array(jsonb_build_object('taskClasses', jsonb_build_array($4::text))))
  and ($5::text is null or skills @> jsonb_build_array(jsonb_build_object('id', $5::text)))`;

function matchValues(tenant: string, { tier, status, taskClass, skill }: AgentFilter): unknown[] {
  return [tenant, tier ?? null, status ?? null, taskClass ?? null, skill ?? null];
}

/** Newest first, ties by id; one row more than the page has. */
export function findAgentPage(
  database: Queryable,
  tenant: string,
  filter: AgentFilter,
  { limit, after }: PageRequest,
): Promise<Agent[]> {
  const where = `${MATCHES} and ($6::timestamptz is null or created_at < $6::timestamptz or (created_at = $6::timestamptz and id > $7))`;
  const values = [...matchValues(tenant, filter), after?.sortKey ?? null, after?.id ?? null, limit + 1];
  return select(database, where, 'created_at desc, id limit $8', values);
}

export async function countAgents(database: Queryable, tenant: string, filter: AgentFilter): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from agents.agent where ${MATCHES}`,
    matchValues(tenant, filter),
  );
  return rows[0]!.count;
}

/** Of every tenant, by id, after `after`. For the gateway's snapshot. */
export function findAgentsAfter(database: Queryable, after: string, limit: number): Promise<Agent[]> {
  return select(database, 'id > $1', 'id limit $2', [after, limit]);
}

export async function saveAgent(tx: Queryable, agent: Agent): Promise<void> {
  await tx.query(
    `insert into agents.agent (id, tenant, name, description, role, tier, status, transport, endpoint, instructions, skills,
       decision_kinds, max_amount_usd, regions, model_ids, supervisor_id, version, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::jsonb, $12::text[], $13::numeric, $14::text[], $15::text[], $16, $17, $18)
     on conflict (id) do update set name = excluded.name, description = excluded.description, role = excluded.role, tier = excluded.tier,
       status = excluded.status, endpoint = excluded.endpoint, instructions = excluded.instructions, skills = excluded.skills,
       decision_kinds = excluded.decision_kinds, max_amount_usd = excluded.max_amount_usd, regions = excluded.regions,
       model_ids = excluded.model_ids, supervisor_id = excluded.supervisor_id, version = excluded.version`,
    [
      agent.id,
      agent.tenant,
      agent.name,
      agent.description,
      agent.role,
      agent.tier,
      agent.status,
      agent.transport,
      agent.endpoint,
      agent.instructions,
      JSON.stringify(agent.skills),
      agent.authority.decisionKinds,
      agent.authority.maxAmountUsd,
      agent.regions,
      agent.modelIds,
      agent.supervisorId,
      agent.version,
      agent.createdAt,
    ],
  );
}

/** What the gateway holds of an agent. */
export function toAgentRecord(agent: Agent): AgentRecord {
  const { id, tenant, name, role, tier, status, transport, authority, regions, modelIds, version } = agent;
  const skills = agent.skills.map(({ id: skillId, tags, taskClasses }) => ({ id: skillId, tags, taskClasses }));
  const instructionBytes = Buffer.byteLength(agent.instructions ?? '');
  return {
    id,
    tenant,
    name,
    role,
    tier,
    status,
    transport,
    skills,
    authority,
    regions,
    modelIds,
    ...(instructionBytes > 0 && { instructionBytes }),
    version,
  };
}

interface AgentRow extends Omit<Agent, 'modelIds' | 'supervisorId' | 'createdAt' | 'authority'> {
  decision_kinds: string[];
  max_amount_usd: string | null;
  model_ids: string[];
  supervisor_id: string | null;
  created_at: Date;
}

async function select(database: Queryable, where: string, order: string, values: readonly unknown[]): Promise<Agent[]> {
  const { rows } = await database.query<AgentRow>(
    `select id, tenant, name, description, role, tier, status, transport, endpoint, instructions, skills, decision_kinds, max_amount_usd,
       regions, model_ids, supervisor_id, version, created_at
     from agents.agent where ${where} order by ${order}`,
    values,
  );
  return rows.map(({ decision_kinds, max_amount_usd, model_ids, supervisor_id, created_at, ...rest }) => ({
    ...rest,
    authority: {
      decisionKinds: decision_kinds,
      maxAmountUsd: max_amount_usd === null ? null : formatUsd(parseUsd(max_amount_usd)),
    },
    modelIds: model_ids,
    supervisorId: supervisor_id,
    createdAt: created_at,
  }));
}
