import { buildCedarSet } from '../shared/cedar/buildCedarSet.js';
import { cedarPrincipal, parseCedarEntity } from '../shared/cedar/cedarEntities.js';
import { decideCedar } from '../shared/cedar/decideCedar.js';
import { MeshError } from '../shared/errors.js';
import { principalEntity, type Principal } from '../shared/principal.js';
import type { PolicyRecord } from '../shared/snapshot.js';

export interface PolicyCheckInput {
  /** As Cedar names it: `User::"ada"`. */
  readonly principal: string;
  readonly action: string;
  readonly resource?: string | null;
  readonly context?: unknown;
}

export interface PolicyCheckResult {
  readonly outcome: 'ALLOW' | 'DENY';
  readonly rules: readonly string[];
  readonly errors: readonly string[];
}

const NOBODY_KNOWN = { roles: [], scopes: [], clearances: [] };

/**
 * What the policies would decide; nothing is done and nothing recorded. Attributes are known of the caller alone: another principal
 * is judged as one without roles, scopes and clearances. Throws BAD_USER_INPUT for what is not an entity.
 */
export function checkPolicies(policies: readonly PolicyRecord[], caller: Principal, input: PolicyCheckInput): PolicyCheckResult {
  const named = parseCedarEntity(input.principal);
  if (!named) throw new MeshError('BAD_USER_INPUT', `principal: "${input.principal}" is not an entity such as User::"ada".`);
  const resource = input.resource ? parseCedarEntity(input.resource) : { type: 'Tenant', id: caller.tenant ?? '' };
  if (!resource) throw new MeshError('BAD_USER_INPUT', `resource: "${input.resource}" is not an entity such as Agent::"a1".`);
  const { context } = input;
  if (context !== null && context !== undefined && (typeof context !== 'object' || Array.isArray(context))) {
    throw new MeshError('BAD_USER_INPUT', 'context: not an object.');
  }
  const principal =
    input.principal === principalEntity(caller)
      ? cedarPrincipal(caller)
      : { ...named, attributes: { ...NOBODY_KNOWN, tenant: caller.tenant } };
  const request = {
    principal,
    action: input.action,
    resource,
    ...(context ? { context: context as Record<string, unknown> } : {}),
  };
  const { allowed, rules, errors } = decideCedar(buildCedarSet(policies), request);
  return { outcome: allowed ? 'ALLOW' : 'DENY', rules, errors };
}
