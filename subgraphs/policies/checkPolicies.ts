import { buildCedarSet } from '../shared/cedar/buildCedarSet.js';
import { cedarPrincipal, formatCedarEntity, parseCedarEntity, type CedarEntity } from '../shared/cedar/cedarEntities.js';
import { decideCedar } from '../shared/cedar/decideCedar.js';
import type { Queryable } from '../shared/database/Database.js';
import { MeshError } from '../shared/errors.js';
import { cedarTypeOf, principalEntity, type Principal, type PrincipalKind } from '../shared/principal.js';
import { findPoliciesInForce } from './policyStore.js';

export interface PolicyCheckInput {
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

/**
 * What the policies in force for the caller's tenant would decide; nothing is recorded. Throws BAD_USER_INPUT when principal or
 * resource is not written as an entity, or the context is no object.
 */
export async function checkPolicies(database: Queryable, caller: Principal, input: PolicyCheckInput): Promise<PolicyCheckResult> {
  const principal = namedPrincipal(caller, readEntity('principal', input.principal));
  const resource = readEntity('resource', input.resource ?? formatCedarEntity({ type: 'Tenant', id: caller.tenant ?? '' }));
  const context = readContext(input.context ?? {});
  const set = buildCedarSet(await findPoliciesInForce(database, caller.tenant ?? ''));
  const { allowed, rules, errors } = decideCedar(set, { principal, action: input.action, resource, context });
  return { outcome: allowed ? 'ALLOW' : 'DENY', rules, errors };
}

const KINDS: readonly PrincipalKind[] = ['USER', 'SERVICE', 'AGENT', 'ANONYMOUS'];

/**
 * Who they are is known of the caller alone. Any other principal is taken for one of the caller's tenant who has no roles, scopes or
 * clearances: then policies that name principals decide as they would, and none fails for want of an attribute.
 */
function namedPrincipal(caller: Principal, named: CedarEntity): CedarEntity {
  if (formatCedarEntity(named) === principalEntity(caller)) return cedarPrincipal(caller);
  const kind = KINDS.find((kind) => cedarTypeOf(kind) === named.type);
  if (!kind) {
    throw new MeshError(
      'BAD_USER_INPUT',
      `principal: a ${named.type} asks for nothing; name a User, Service, Agent or Anonymous.`,
    );
  }
  const { tenant } = caller;
  return cedarPrincipal({ id: named.id, kind, tenant, roles: [], scopes: [], clearances: [], region: null });
}

function readEntity(field: string, text: string): CedarEntity {
  const entity = parseCedarEntity(text);
  if (!entity) throw new MeshError('BAD_USER_INPUT', `${field}: ${JSON.stringify(text)} is no Cedar entity; write Agent::"a1".`);
  return entity;
}

function readContext(context: unknown): Record<string, unknown> {
  if (typeof context === 'object' && context !== null && !Array.isArray(context)) return context as Record<string, unknown>;
  throw new MeshError('BAD_USER_INPUT', 'context: write a JSON object; its members are what policies read as context.name.');
}
