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

/** Policies with such an id hold for every tenant. */
const BASELINE = 'baseline.';

/**
 * Creates the policy or replaces the one with this id. The text is checked first: every problem is a user error with line, column and
 * hint, and then nothing changes. The same input again changes nothing and tells nobody.
 */
export async function putPolicy(
  tx: Queryable,
  principal: Principal,
  input: PolicyPutInput,
  nowMs: number,
): Promise<PolicyPayload> {
  const errors = problemsOf(principal, input);
  if (errors.length > 0) return { policy: null, userErrors: errors };
  const existing = await lockPolicy(tx, input.id);
  const refusal = refuse(principal, existing ?? { id: input.id, tenant: tenantFor(principal, input.id) }, ['input', 'id']);
  if (refusal) return { policy: null, userErrors: [refusal] };
  const now = new Date(nowMs);
  const wanted: Policy = {
    id: input.id,
    tenant: existing?.tenant ?? tenantFor(principal, input.id),
    cedar: input.cedar,
    description: input.description ?? null,
    tags: input.tags ?? [],
    enabled: input.enabled ?? true,
    version: existing?.version ?? 0,
    createdAt: existing?.createdAt ?? now,
    updatedAt: existing?.updatedAt ?? now,
  };
  if (existing && canonicalJson(existing) === canonicalJson(wanted)) return { policy: existing, userErrors: [] };
  return { policy: await change(tx, wanted, nowMs), userErrors: [] };
}

/** Switches a policy on or off. Setting what is set already changes nothing. */
export async function setEnabled(
  tx: Queryable,
  principal: Principal,
  { id, enabled }: { id: string; enabled: boolean },
  nowMs: number,
): Promise<PolicyPayload> {
  const existing = await lockPolicy(tx, id);
  const isSeen = existing && (isOwn(principal, existing) || existing.tenant === EVERY_TENANT);
  if (!isSeen) return { policy: null, userErrors: [notFound('policy', id)] };
  const refusal = refuse(principal, existing, ['id']);
  if (refusal) return { policy: null, userErrors: [refusal] };
  if (existing.enabled === enabled) return { policy: existing, userErrors: [] };
  return { policy: await change(tx, { ...existing, enabled }, nowMs), userErrors: [] };
}

/** Two writers of one id take turns, also when there is no row to lock yet. */
async function lockPolicy(tx: Queryable, id: string): Promise<Policy | undefined> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`policy ${id}`]);
  const [existing] = await findPoliciesByIds(tx, null, [id]);
  return existing;
}

function tenantFor({ tenant }: Principal, id: string): string {
  return id.startsWith(BASELINE) ? EVERY_TENANT : (tenant ?? '');
}

function isOwn({ tenant, scopes }: Principal, policy: Pick<Policy, 'tenant'>): boolean {
  return policy.tenant === tenant || scopes.includes('tenant.any');
}

function refuse(principal: Principal, policy: Pick<Policy, 'id' | 'tenant'>, path: readonly string[]): UserError | undefined {
  if (isOwn(principal, policy)) return undefined;
  if (policy.tenant === EVERY_TENANT) {
    return { code: 'FORBIDDEN', message: `"${policy.id}" holds for every tenant; changing it needs the scope tenant.any.`, path };
  }
  return { code: 'ALREADY_EXISTS', message: `The id "${policy.id}" is taken. Choose another.`, path };
}

async function change(tx: Queryable, wanted: Policy, nowMs: number): Promise<Policy> {
  const policy = { ...wanted, version: wanted.version + 1, updatedAt: new Date(nowMs) };
  await savePolicy(tx, policy);
  const data = { tenant: policy.tenant, record: toPolicyRecord(policy) };
  await publish(tx, 'policies', newEvent('policy.changed', policy.id, data, { subgraph: 'policies', nowMs }));
  return policy;
}

const MAX_CEDAR = 65_536;
const MAX_TEXT = 1_000;
const MAX_TAGS = 50;

function problemsOf({ tenant, scopes }: Principal, { id, cedar, description, tags }: PolicyPutInput): UserError[] {
  const errors: UserError[] = [];
  const check = (holds: boolean, path: readonly string[], message: string): void => {
    if (!holds) errors.push(badInput(['input', ...path], message));
  };
  check(tenant !== null || scopes.includes('tenant.any'), [], 'You belong to no tenant; put the policy as one who does.');
  // Rules of a text with several statements are named id#0, id#1, …
  check(isValidId(id) && !id.includes('#'), ['id'], 'An id has 1 to 200 characters, no "#", and no space at either end.');
  check((description?.length ?? 0) <= MAX_TEXT, ['description'], `A description has at most ${MAX_TEXT} characters.`);
  const fits = (tags ?? []).length <= MAX_TAGS && (tags ?? []).every((tag) => tag.trim() !== '' && tag.length <= 200);
  check(fits, ['tags'], `At most ${MAX_TAGS} tags, each of 1 to 200 characters.`);
  check(cedar.length <= MAX_CEDAR, ['cedar'], `A policy has at most ${MAX_CEDAR} characters; split it.`);
  return cedar.length > MAX_CEDAR ? errors : [...errors, ...cedarErrors(cedar)];
}

function cedarErrors(cedar: string): UserError[] {
  return checkCedarPolicy(cedar).map(({ line, column, message, hint }) =>
    badInput(['input', 'cedar'], `line ${line}, column ${column}: ${message}${hint === null ? '' : ` (${hint})`}`),
  );
}
