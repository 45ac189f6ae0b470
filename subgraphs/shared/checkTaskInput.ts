import { MeshError } from './errors.js';
import { parseUsd } from './money.js';
import { refuseUnstorable } from './storableText.js';

/** What is checked of a TaskInput. */
interface CheckedInput {
  readonly taskClass: string;
  readonly prompt?: string | null;
  readonly payload?: unknown;
  readonly customerId?: string | null;
  readonly reference?: string | null;
  readonly idempotencyKey?: string | null;
  readonly maxCostUsd?: string | null;
  readonly minQuality?: number | null;
}

const MAX_PROMPT = 100_000;
const MAX_PAYLOAD = 1_000_000;
const MAX_REFERENCE = 10_000;
const MAX_NAME = 200;

/**
 * Throws BAD_USER_INPUT for a task that the agents subgraph would not store. The gateway asks before it reserves money for the task, the
 * subgraph before it stores it.
 */
export function checkTaskInput(input: CheckedInput): void {
  const { taskClass, prompt, payload, customerId, idempotencyKey, maxCostUsd, minQuality } = input;
  refuseUnstorable(input, 'input');
  if ((prompt?.length ?? 0) > MAX_PROMPT) throw refused('prompt', `has over ${MAX_PROMPT} characters. Send less.`);
  if (payload !== undefined && payload !== null && JSON.stringify(payload).length > MAX_PAYLOAD)
    throw refused('payload', `has over ${MAX_PAYLOAD} characters. Send less.`);
  if ((input.reference?.length ?? 0) > MAX_REFERENCE)
    throw refused('reference', `has over ${MAX_REFERENCE} characters. Send less.`);
  for (const [name, text] of Object.entries({ taskClass, customerId, idempotencyKey })) {
    if (typeof text !== 'string') continue;
    if (text.trim() === '' || text.length > MAX_NAME) throw refused(name, `has 1 to ${MAX_NAME} characters.`);
    if (/[\r\n]/.test(text)) throw refused(name, 'holds a line break. Leave it out.');
  }
  if (typeof maxCostUsd === 'string' && !isSum(maxCostUsd))
    throw refused('maxCostUsd', 'is a plain decimal sum of US dollars, zero or more, for example 0.05.');
  if (typeof minQuality === 'number' && !(minQuality >= 0 && minQuality <= 1)) throw refused('minQuality', 'is from 0 to 1.');
}

function isSum(text: string): boolean {
  try {
    return parseUsd(text) >= 0n;
  } catch {
    return false;
  }
}

function refused(field: string, rule: string): MeshError {
  return new MeshError('BAD_USER_INPUT', `input.${field} ${rule}`);
}
