import { LRUCache } from 'lru-cache';
import { canonicalJson } from '../../subgraphs/shared/canonicalJson.js';
import { cedarPrincipal, type CedarEntity } from '../../subgraphs/shared/cedar/cedarEntities.js';
import { buildCedarSet } from '../../subgraphs/shared/cedar/buildCedarSet.js';
import { decideCedar, type CedarDecision } from '../../subgraphs/shared/cedar/decideCedar.js';
import type { Principal } from '../../subgraphs/shared/principal.js';
import type { Snapshot } from '../snapshot/createSnapshot.js';

export interface PolicyDecision extends CedarDecision {
  /** Names the policies that could matter, by their contents. */
  readonly policyVersion: string;
  /** In words. */
  readonly reason: string;
}

export interface PolicyEngine {
  /** Never throws: what cannot be decided is denied. */
  decide(principal: Principal, action: string, resource: CedarEntity, context: Readonly<Record<string, unknown>>): PolicyDecision;
  /** A resource by type and id, with what the mesh knows of it; null: the caller's tenant. */
  resource(principal: Principal, type: string | null, id: string | null): CedarEntity;
}

const NO_POLICIES = buildCedarSet([]);
const KEPT_DECISIONS = 10_000;

/** Cedar over the policies of the snapshot. Equal questions under equal policies are asked once. `snapshot` null: nothing is permitted. */
export function createPolicyEngine(snapshot: Snapshot | null): PolicyEngine {
  const decisions = new LRUCache<string, PolicyDecision>({ max: KEPT_DECISIONS });
  const views = new WeakMap<Principal, string>();
  const viewOf = (principal: Principal): string => {
    let view = views.get(principal);
    if (view === undefined) views.set(principal, (view = canonicalJson(principal)));
    return view;
  };
  return {
    decide: (principal, action, resource, context) => {
      const set = snapshot?.policies(principal.tenant) ?? NO_POLICIES;
      const { key } = set.rulesFor(action);
      const question = `${key} ${set.broken.length} ${viewOf(principal)} ${action} ${canonicalJson([resource, context])}`;
      let decision = decisions.get(question);
      if (!decision) {
        const decided = decideCedar(set, { principal: cedarPrincipal(principal), action, resource, context });
        decision = { ...decided, policyVersion: key.slice(0, 16), reason: reasonOf(decided, action) };
        decisions.set(question, decision);
      }
      return decision;
    },
    resource: (principal, type, id) => {
      if (type === null || id === null) return tenantEntity(principal.tenant);
      const known = type === 'Agent' ? snapshot?.agent(id) : type === 'Policy' ? snapshot?.policy(id) : undefined;
      if (known) return { type, id, attributes: { tenant: known.tenant === '*' ? null : known.tenant } };
      const budget = type === 'Budget' ? snapshot?.budget(id) : undefined;
      if (budget) return { type, id, attributes: { tenant: budget.tenant } };
      const model = type === 'Model' ? snapshot?.model(id) : undefined;
      if (model) return { type, id, attributes: { tenant: model.tenant, approval: model.approval, provider: model.provider } };
      // Not there yet, or not known here: it will be the caller's.
      return { type, id, attributes: { tenant: principal.tenant } };
    },
  };
}

function tenantEntity(tenant: string | null): CedarEntity {
  return { type: 'Tenant', id: tenant ?? '', attributes: { tenant } };
}

function reasonOf({ allowed, rules, errors }: CedarDecision, action: string): string {
  if (allowed) return `permitted by ${rules.join(', ')}`;
  if (errors.length > 0) return `it could not be decided: ${errors.join('; ')}`;
  return rules.length > 0 ? `forbidden by ${rules.join(', ')}` : `no policy permits ${action}`;
}
