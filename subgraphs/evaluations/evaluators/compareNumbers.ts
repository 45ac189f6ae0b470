import { verdict, type Answered, type Verdict } from './Evaluator.js';
import { distance, lastNumber, parseDecimal, type Decimal } from './lastNumber.js';

/**
 * Whether the last number of the answer is the reference's, at most `tolerance` away. Exact: decimals are compared as such, never as
 * floats. Null: the task came without a number to compare with.
 */
export function compareNumbers({ text, reference }: Answered, tolerance: string | null): Verdict | null {
  const wanted = reference === null ? undefined : lastNumber(reference);
  if (wanted === undefined) return null;
  const found = lastNumber(text);
  if (found === undefined) return verdict(false, `There is no number in the answer; ${wanted.text} was wanted.`);
  const allowed = parseDecimal(tolerance ?? '0')!;
  const passed = isAtMost(distance(found, wanted), allowed);
  return verdict(passed, `The answer ends in ${found.text}; ${wanted.text} was wanted.`);
}

function isAtMost(value: Decimal, limit: Decimal): boolean {
  const scale = Math.max(value.scale, limit.scale);
  return value.units * 10n ** BigInt(scale - value.scale) <= limit.units * 10n ** BigInt(scale - limit.scale);
}
