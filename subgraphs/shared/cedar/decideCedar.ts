import { preparsePolicySet, statefulIsAuthorized, type AuthorizationAnswer } from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarRules, CedarSet } from './buildCedarSet.js';
import { cedarRecord, type CedarEntity } from './cedarEntities.js';

export interface CedarRequest {
  readonly principal: CedarEntity;
  /** `task.run`, the id of a Cedar action. */
  readonly action: string;
  readonly resource: CedarEntity;
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface CedarDecision {
  readonly allowed: boolean;
  /** Ids of the rules that decided, sorted: the permits of an allowance, the forbids of a denial; empty when nothing permits. */
  readonly rules: readonly string[];
  /** Rules that could not be evaluated, and why; or why the engine could not decide at all. */
  readonly errors: readonly string[];
}

/**
 * Decides one request; never throws. Denies when nothing permits, when anything forbids, and whenever the answer is in doubt: a policy
 * that does not parse, an engine that fails, or a `forbid` that cannot be evaluated. (Cedar itself passes over such a `forbid`, so that
 * a missing attribute would open what it was to close. A `permit` that cannot be evaluated merely permits nothing.)
 */
export function decideCedar(set: CedarSet, request: CedarRequest): CedarDecision {
  if (set.broken.length > 0) return { allowed: false, rules: [], errors: set.broken };
  const rules = set.rulesFor(request.action);
  try {
    return judge(ask(prepare(rules), request), rules);
  } catch (error) {
    return { allowed: false, rules: [], errors: [`the policy engine failed: ${(error as Error).message}`] };
  }
}

function ask(preparsedPolicySetId: string, { principal, action, resource, context }: CedarRequest): AuthorizationAnswer {
  const entities = [principal, resource].map(({ type, id, attributes }) => ({
    uid: { type, id },
    attrs: cedarRecord(attributes ?? {}),
    parents: [],
  }));
  const same = principal.type === resource.type && principal.id === resource.id;
  return statefulIsAuthorized({
    principal: { type: principal.type, id: principal.id },
    action: { type: 'Action', id: action },
    resource: { type: resource.type, id: resource.id },
    context: cedarRecord(context ?? {}),
    preparsedPolicySetId,
    // An agent that acts on itself is one entity with the attributes of both.
    entities: same ? [{ ...entities[0]!, attrs: { ...entities[1]!.attrs, ...entities[0]!.attrs } }] : entities,
  });
}

function judge(answer: AuthorizationAnswer, { rules }: CedarRules): CedarDecision {
  if (answer.type === 'failure') {
    return { allowed: false, rules: [], errors: answer.errors.map(({ message }) => `the policy engine refused: ${message}`) };
  }
  const { decision, diagnostics } = answer.response;
  const errors = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`).sort();
  const inDoubt = diagnostics.errors.map(({ policyId }) => policyId).filter((id) => rules.get(id)?.effect === 'forbid');
  if (decision === 'allow' && inDoubt.length > 0) return { allowed: false, rules: inDoubt.sort(), errors };
  return { allowed: decision === 'allow', rules: [...diagnostics.reason].sort(), errors };
}

/**
 * The engine keeps pre-parsed sets by name for as long as the process lives and cannot forget one, so names are slots that are used
 * again: the set that was asked for least recently gives way. Keys are contents, so tenants with the same policies share a slot.
 */
const SLOTS = 512;
const slotOf = new Map<string, number>();

function prepare({ key, rules }: CedarRules): string {
  const [oldest] = slotOf.size < SLOTS ? [] : slotOf.keys();
  const slot = slotOf.get(key) ?? (oldest === undefined ? slotOf.size : slotOf.get(oldest)!);
  if (!slotOf.has(key)) {
    const staticPolicies = Object.fromEntries([...rules.values()].map(({ id, text }) => [id, text]));
    const answer = preparsePolicySet(`slot-${slot}`, { staticPolicies });
    // A failure leaves the slot as it was, with its owner.
    if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('; '));
    if (oldest !== undefined) slotOf.delete(oldest);
  }
  // A map remembers the order of insertion: what is used moves to the back, and the front is the least recent.
  slotOf.delete(key);
  slotOf.set(key, slot);
  return `slot-${slot}`;
}
