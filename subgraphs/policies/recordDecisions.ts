import { z } from 'zod';
import type { Queryable } from '../shared/database/Database.js';
import { MeshError } from '../shared/errors.js';
import { newEvent, publishAll } from '../shared/outbox.js';
import { addDecisions, type GovernanceDecision } from './decisionStore.js';

const MAX_DECISIONS = 1_000;

// PostgreSQL's text holds every character but NUL.
const text = z
  .string()
  .max(10_000)
  .transform((value) => value.replaceAll('\0', ''));
const optionalText = text.nullish().transform((value) => value ?? null);

const decisionSchema = z.object({
  id: z.string().min(1).max(200),
  at: z.union([z.iso.datetime({ offset: true }), z.number()]).transform((value) => new Date(value)),
  tenant: optionalText.transform((tenant) => tenant ?? ''),
  principal: text,
  action: text,
  resource: optionalText,
  outcome: z.enum(['ALLOW', 'DENY', 'MASK']),
  rules: z.array(text).max(1_000),
  policyVersion: text,
  operation: optionalText,
  field: optionalText,
  reason: optionalText,
});

/** Reads the argument of `_recordDecisions`. Throws BAD_USER_INPUT that names what is wrong; then none of them is recorded. */
export function parseDecisions(decisions: unknown): GovernanceDecision[] {
  const parsed = z.array(decisionSchema).max(MAX_DECISIONS).safeParse(decisions);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.') || 'decisions'}: ${message}`);
  throw new MeshError('BAD_USER_INPUT', `The decisions cannot be read: ${problems.join('; ')}.`);
}

/** Keeps the decisions that are not kept yet and tells of each. Resolves to how many they were. */
export async function recordDecisions(tx: Queryable, decisions: readonly GovernanceDecision[], nowMs: number): Promise<number> {
  const added = await addDecisions(tx, decisions);
  const events = added.map(({ id, tenant, outcome, action, principal, resource }) => {
    const data = { tenant, decisionId: id, outcome, action, principal, resource };
    return newEvent('decision.recorded', id, data, { subgraph: 'policies', nowMs });
  });
  await publishAll(tx, 'policies', events);
  return added.length;
}
