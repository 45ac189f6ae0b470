import { canonicalJson } from '../shared/canonicalJson.js';
import { checkCedarPolicy } from '../shared/cedar/checkCedarPolicy.js';
import type { Queryable } from '../shared/database/Database.js';
import { newEvent, publish } from '../shared/outbox.js';
import type { Principal } from '../shared/principal.js';
import { badInput, isValidId, notFound, type UserError } from '../shared/userErrors.js';
import { EVERY_TENANT, findPoliciesByIds, savePolicy, toPolicyRecord, type Policy } from './policyStore.js';

export interface PolicyPutInput {
  readonly id: string;
  readonly cedar: string;
  readonly description?: string | null;
  readonly tags?: readonly string[] | null;
  readonly enabled?: boolean | null;
}

export interface PolicyPayload {
  readonly policy: Policy | null;
  readonly userErrors: readonly UserError[];
}

/** Creates or replaces a policy whose text the engine takes. The same input again changes nothing and tells nobody. */
export async function putPolicy(
  tx: Queryable,
  principal: Principal,
  input: PolicyPutInput,
  nowMs: number,
): Promise<PolicyPayload> {
  const errors = problemsOf(principal, input);
  if (errors.length > 0) return refused(...errors);
  const existing = await lock(tx, input.id);
  if (existing && !isReachable(existing, principal)) {
    return refused({ code: 'ALREADY_EXISTS', message: `The id "${input.id}" is taken. Choose another.`, path: ['input', 'id'] });
  }
  if (existing && !isWritable(existing, principal)) return refused(readOnly(existing, ['input', 'id']));
  const { id, cedar, description = null, tags, enabled } = input;
  const wanted = {
    id,
    tenant: existing?.tenant ?? principal.tenant!,
    cedar,
    description,
    tags: tags ?? [],
    enabled: enabled ?? true,
  };
  return change(tx, existing, wanted, nowMs);
}

export async function setPolicyEnabled(
  tx: Queryable,
  principal: Principal,
  { id, enabled }: { id: string; enabled: boolean },
  nowMs: number,
): Promise<PolicyPayload> {
  const existing = await lock(tx, id);
  if (!existing || !isReachable(existing, principal)) return refused(notFound('policy', id));
  if (!isWritable(existing, principal)) return refused(readOnly(existing, ['id']));
  const { version: _version, updatedAt: _updatedAt, ...rest } = existing;
  return change(tx, existing, { ...rest, enabled }, nowMs);
}

type Wanted = Omit<Policy, 'version' | 'updatedAt'>;

async function change(tx: Queryable, existing: Policy | undefined, wanted: Wanted, nowMs: number): Promise<PolicyPayload> {
  if (existing) {
    const { version: _version, updatedAt: _updatedAt, ...held } = existing;
    if (canonicalJson(held) === canonicalJson(wanted)) return { policy: existing, userErrors: [] };
  }
  const policy = { ...wanted, version: (existing?.version ?? 0) + 1, updatedAt: new Date(nowMs) };
  await savePolicy(tx, policy);
  const data = { tenant: policy.tenant, record: toPolicyRecord(policy) };
  await publish(tx, 'policies', newEvent('policy.changed', policy.id, data, { subgraph: 'policies', nowMs }));
  return { policy, userErrors: [] };
}

async function lock(tx: Queryable, id: string): Promise<Policy | undefined> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`policy ${id}`]);
  const [existing] = await findPoliciesByIds(tx, null, [id]);
  return existing;
}

function isReachable({ tenant }: Policy, principal: Principal): boolean {
  return tenant === EVERY_TENANT || tenant === principal.tenant || principal.scopes.includes('tenant.any');
}

function isWritable({ tenant }: Policy, principal: Principal): boolean {
  return tenant === principal.tenant || principal.scopes.includes('tenant.any');
}

function readOnly({ id }: Policy, path: readonly string[]): UserError {
  return { code: 'FORBIDDEN', message: `"${id}" holds for every tenant; changing it needs the scope tenant.any.`, path };
}

function refused(...userErrors: UserError[]): PolicyPayload {
  return { policy: null, userErrors };
}

const MAX_CEDAR = 50_000;
const MAX_TAGS = 50;

function problemsOf({ tenant }: Principal, { id, cedar, description, tags }: PolicyPutInput): UserError[] {
  const errors: UserError[] = [];
  if (tenant === null) errors.push(badInput(['input'], 'You belong to no tenant; put the policy as one who does.'));
  if (!isValidId(id))
    errors.push(badInput(['input', 'id'], 'An id has 1 to 200 characters and neither begins nor ends with a space.'));
  if ((description?.length ?? 0) > 1_000)
    errors.push(badInput(['input', 'description'], 'A description has at most 1,000 characters.'));
  if ((tags ?? []).length > MAX_TAGS || (tags ?? []).some((tag) => tag === '' || tag.length > 100)) {
    errors.push(badInput(['input', 'tags'], `At most ${MAX_TAGS}, each of 1 to 100 characters.`));
  }
  if (cedar.length > MAX_CEDAR)
    return [...errors, badInput(['input', 'cedar'], `A policy has at most ${MAX_CEDAR} characters; split it.`)];
  const problems = checkCedarPolicy(cedar).map(({ line, column, message, hint }) =>
    badInput(['input', 'cedar'], `line ${line}, column ${column}: ${message}${hint ? ` (${hint})` : ''}`),
  );
  return [...errors, ...problems];
}
