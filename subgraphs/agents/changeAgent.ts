import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../shared/canonicalJson.js';
import type { Queryable } from '../shared/database/Database.js';
import { formatUsd, parseUsd } from '../shared/money.js';
import { newEvent, publish } from '../shared/outbox.js';
import type { Principal } from '../shared/principal.js';
import { badInput, isValidId, notFound, type UserError } from '../shared/userErrors.js';
import { findAgentsByIds, saveAgent, toAgentRecord, type Agent } from './agentStore.js';
import { readDaprEndpoint } from './transports/daprEndpoint.js';

interface SkillInput {
  readonly id: string;
  readonly name: string;
  readonly tags?: readonly string[] | null;
  readonly taskClasses: readonly string[];
}

/** What may be changed of an agent; what is not given stays as it is. */
interface AgentChanges {
  readonly name?: string | null;
  readonly description?: string | null;
  readonly tier?: Agent['tier'] | null;
  readonly endpoint?: string | null;
  readonly instructions?: string | null;
  readonly skills?: readonly SkillInput[] | null;
  readonly authority?: { readonly decisionKinds: readonly string[]; readonly maxAmountUsd?: string | null } | null;
  readonly regions?: readonly string[] | null;
  readonly modelIds?: readonly string[] | null;
  readonly supervisorId?: string | null;
}

export interface AgentRegisterInput extends AgentChanges {
  readonly id?: string | null;
  readonly name: string;
  readonly tenant?: string | null;
  readonly role?: string | null;
  readonly transport: Agent['transport'];
  /** Of an A2A agent: read before (fromAgentCard), and then its endpoint. */
  readonly agentCardUrl?: string | null;
  readonly skills: readonly SkillInput[];
}

export interface AgentUpdateInput extends AgentChanges {
  readonly id: string;
}

export interface AgentPayload {
  readonly agent: Agent | null;
  readonly userErrors: readonly UserError[];
}

/** Registers an agent, ACTIVE at once. An id that is taken is refused, by whomever it was taken. */
export async function registerAgent(
  tx: Queryable,
  principal: Principal,
  input: AgentRegisterInput,
  nowMs: number,
): Promise<AgentPayload> {
  const errors = problemsOf(input);
  const tenant = input.tenant ?? principal.tenant;
  if (tenant === null) errors.push(badInput(['input', 'tenant'], 'You belong to no tenant; name one.'));
  else if (tenant !== principal.tenant && !principal.scopes.includes('tenant.any')) {
    const message = `Acting on the tenant "${tenant}" needs the scope tenant.any.`;
    errors.push({ code: 'FORBIDDEN', message, path: ['input', 'tenant'] });
  }
  const id = input.id ?? `agent-${randomUUID()}`;
  if (!isValidId(id))
    errors.push(badInput(['input', 'id'], 'An id has 1 to 200 characters and neither begins nor ends with a space.'));
  if (errors.length > 0) return refused(errors);
  await lockAgents(tx);
  const [existing] = await findAgentsByIds(tx, null, [id]);
  if (existing)
    return refused([{ code: 'ALREADY_EXISTS', message: `The id "${id}" is taken. Choose another.`, path: ['input', 'id'] }]);
  const blank: Agent = {
    id,
    tenant: tenant!,
    name: input.name,
    description: null,
    role: input.role ?? 'WORKER',
    tier: 'GENERALIST',
    status: 'ACTIVE',
    transport: input.transport,
    endpoint: null,
    instructions: null,
    skills: [],
    authority: { decisionKinds: [], maxAmountUsd: null },
    regions: [],
    modelIds: [],
    supervisorId: null,
    version: 0,
    createdAt: new Date(nowMs),
  };
  return store(tx, blank, change(blank, input), nowMs);
}

/** Changes what the input names. The same input again changes nothing and tells nobody. */
export async function updateAgent(
  tx: Queryable,
  principal: Principal,
  input: AgentUpdateInput,
  nowMs: number,
): Promise<AgentPayload> {
  const errors = problemsOf(input);
  if (errors.length > 0) return refused(errors);
  await lockAgents(tx);
  const existing = await findOwn(tx, principal, input.id);
  if (!existing) return refused([{ ...notFound('agent', input.id), path: ['input', 'id'] }]);
  return store(tx, existing, change(existing, input), nowMs);
}

export async function setStatus(
  tx: Queryable,
  principal: Principal,
  { id, status }: { id: string; status: Agent['status'] },
  nowMs: number,
): Promise<AgentPayload> {
  await lockAgents(tx);
  const existing = await findOwn(tx, principal, id);
  if (!existing) return refused([notFound('agent', id)]);
  if (existing.status === 'RETIRED' && status !== 'RETIRED')
    return refused([badInput(['status'], `"${id}" is retired for good. Register a new agent.`)]);
  return store(tx, existing, { ...existing, status }, nowMs);
}

async function findOwn(tx: Queryable, { tenant, scopes }: Principal, id: string): Promise<Agent | undefined> {
  const [agent] = await findAgentsByIds(tx, scopes.includes('tenant.any') ? null : (tenant ?? ''), [id]);
  return agent;
}

/** One change at a time: a chain of supervisors cannot be checked while another is being made. */
async function lockAgents(tx: Queryable): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('agents', 0))`);
}

async function store(tx: Queryable, before: Agent, after: Agent, nowMs: number): Promise<AgentPayload> {
  if (before.version > 0 && canonicalJson(before) === canonicalJson(after)) return { agent: before, userErrors: [] };
  const problem = endpointProblem(before, after) ?? (await supervisorProblem(tx, after));
  if (problem) return refused([problem]);
  const agent = { ...after, version: before.version + 1 };
  await saveAgent(tx, agent);
  const data = { tenant: agent.tenant, record: toAgentRecord(agent) };
  await publish(tx, 'agents', newEvent('agent.changed', agent.id, data, { subgraph: 'agents', nowMs }));
  return { agent, userErrors: [] };
}

const HAS_URL = new Set<Agent['transport']>(['HTTP', 'A2A']);

/** Those who are there already may be suspended whatever their endpoint is. */
function endpointProblem(before: Agent, { transport, endpoint }: Agent): UserError | undefined {
  const isNew = before.version === 0 || before.endpoint !== endpoint;
  if (isNew && transport === 'DAPR') {
    const read = readDaprEndpoint(endpoint);
    if (typeof read === 'string') return badInput(['input', 'endpoint'], `${read}.`.replace(/^i/, 'I'));
  }
  if (!isNew || !HAS_URL.has(transport) || isHttp(endpoint)) return undefined;
  const what = transport === 'A2A' ? 'the URL of its AgentCard (agentCardUrl)' : 'its URL';
  return badInput(
    ['input', 'endpoint'],
    `An agent of transport ${transport} has an endpoint: ${what}, http or https, without a password.`,
  );
}

function isHttp(endpoint: string | null): boolean {
  if (endpoint === null || !URL.canParse(endpoint)) return false;
  const { protocol, username, password } = new URL(endpoint);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

const MAX_CHAIN = 50;

async function supervisorProblem(tx: Queryable, agent: Agent): Promise<UserError | undefined> {
  const path = ['input', 'supervisorId'];
  let above = agent.supervisorId;
  for (let level = 0; above !== null; level++) {
    if (above === agent.id || level === MAX_CHAIN)
      return badInput(path, `The chain of supervisors would lead back to "${agent.id}", or over ${MAX_CHAIN} levels.`);
    const [supervisor] = await findAgentsByIds(tx, agent.tenant, [above]);
    if (!supervisor) return { ...notFound('agent', above), path };
    above = supervisor.supervisorId;
  }
  return undefined;
}

function change(agent: Agent, changes: AgentChanges): Agent {
  const { authority } = changes;
  const optional = <T>(given: T | null | undefined, now: T | null): T | null => (given === undefined ? now : given);
  return {
    ...agent,
    name: changes.name ?? agent.name,
    description: optional(changes.description, agent.description),
    tier: changes.tier ?? agent.tier,
    endpoint: optional(changes.endpoint, agent.endpoint),
    instructions: optional(changes.instructions, agent.instructions),
    skills: changes.skills?.map(({ tags, ...skill }) => ({ ...skill, tags: tags ?? [] })) ?? agent.skills,
    authority: authority
      ? {
          decisionKinds: authority.decisionKinds,
          maxAmountUsd: authority.maxAmountUsd ? formatUsd(parseUsd(authority.maxAmountUsd)) : null,
        }
      : agent.authority,
    regions: changes.regions ?? agent.regions,
    modelIds: changes.modelIds ?? agent.modelIds,
    supervisorId: optional(changes.supervisorId, agent.supervisorId),
  };
}

const MAX_TEXT = 1_000;
const MAX_INSTRUCTIONS = 100_000;
const MAX_ITEMS = 100;

function problemsOf(input: AgentChanges): UserError[] {
  const errors: UserError[] = [];
  const check = (holds: boolean, path: readonly string[], message: string): void => {
    if (!holds) errors.push(badInput(['input', ...path], message));
  };
  const isText = (text: string): boolean => text.trim().length > 0 && text.length <= MAX_TEXT;
  const areTexts = (texts: readonly string[]): boolean => texts.length <= MAX_ITEMS && texts.every(isText);
  check(input.name === undefined || input.name === null || isText(input.name), ['name'], `It has 1 to ${MAX_TEXT} characters.`);
  for (const name of ['description', 'endpoint'] as const)
    check((input[name]?.length ?? 0) <= MAX_TEXT, [name], `It has at most ${MAX_TEXT} characters.`);
  check((input.instructions?.length ?? 0) <= MAX_INSTRUCTIONS, ['instructions'], `At most ${MAX_INSTRUCTIONS} characters.`);
  for (const name of ['regions', 'modelIds'] as const)
    check(areTexts(input[name] ?? []), [name], `At most ${MAX_ITEMS}, none of them empty.`);
  const skills = input.skills ?? [];
  check(skills.length <= MAX_ITEMS, ['skills'], `At most ${MAX_ITEMS} skills.`);
  check(new Set(skills.map(({ id }) => id)).size === skills.length, ['skills'], 'Every skill has an id of its own.');
  for (const [index, { id, name, tags, taskClasses }] of skills.entries()) {
    const fine = isValidId(id) && isText(name) && areTexts(tags ?? []) && areTexts(taskClasses) && taskClasses.length > 0;
    check(fine, ['skills', String(index)], 'A skill has an id, a name and at least one task class, none of them empty.');
  }
  check(areTexts(input.authority?.decisionKinds ?? []), ['authority', 'decisionKinds'], `At most ${MAX_ITEMS}, none empty.`);
  check(
    !input.authority?.maxAmountUsd?.startsWith('-'),
    ['authority', 'maxAmountUsd'],
    'The largest amount is zero or more US dollars.',
  );
  return errors;
}

function refused(userErrors: readonly UserError[]): AgentPayload {
  return { agent: null, userErrors };
}
