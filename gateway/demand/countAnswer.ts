import { isIncremental, parsed, type IncrementalAnswer, type PrintedResult } from '../execution/Outcome.js';
import { isObject, mergeInto, type JsonObject } from '../execution/Target.js';
import { actualCost } from './actualCost.js';
import type { Admitted } from './createDemand.js';
import type { CostedOperation } from './CostedOperation.js';
import type { Variables } from './terms.js';

interface Counting {
  /** What the client is told before it is run. Null: nothing, then or after. */
  readonly told: { readonly estimated: number; readonly limit: number | null } | null;
  /** Called with what the whole answer came to, once it is there. */
  readonly counted: (actual: number) => void;
  /** Called when something was put into the answer. */
  readonly changed: () => void;
}

/**
 * Counts an answer as the client gets it: its text is read once more (5 us a KB, of which a fifth is the counting), so that whatever made it,
 * execution or a cache, does nothing for it. An answer in parts is kept until the last of them.
 */
export function countAnswer(costed: CostedOperation, coerced: Variables, { told, counted, changed }: Counting): Admitted {
  const count = (data: unknown): number => {
    const actual = actualCost(costed, coerced, data);
    counted(actual);
    return actual;
  };
  const whole = (answer: PrintedResult): PrintedResult => {
    const actual = count(parsed(answer).data);
    if (!told) return answer;
    changed();
    const { estimated, limit } = told;
    return withExtensions(answer, { cost: { estimated, actual, limit } });
  };
  const inParts = ({ initialResult, subsequentResults }: IncrementalAnswer): IncrementalAnswer => {
    const { data } = parsed(initialResult);
    if (told) changed();
    return {
      initialResult: told ? withExtensions(initialResult, { cost: told }) : initialResult,
      subsequentResults: {
        ...subsequentResults,
        next: async () => {
          const step = await subsequentResults.next();
          if (step.done) return step;
          for (const { path, data: part } of step.value.incremental ?? []) if (part) join(data, path, part);
          if (step.value.hasNext) return step;
          const actual = count(data);
          return { value: told ? { ...step.value, extensions: { cost: { ...told, actual } } } : step.value, done: false };
        },
      },
    };
  };
  return {
    answered: <Answer extends PrintedResult | IncrementalAnswer>(answer: Answer) =>
      (isIncremental(answer) ? inParts(answer) : whole(answer)) as Answer,
  };
}

/** The text of an answer is an object that is never empty. */
function withExtensions({ bytes, ...rest }: PrintedResult, extensions: object): PrintedResult {
  const last = Buffer.from(`,"extensions":${JSON.stringify(extensions)}}`);
  return { ...rest, bytes: Buffer.concat([bytes.subarray(0, -1), last]) };
}

/** Puts a part where it belongs. */
function join(data: JsonObject | null, path: readonly (string | number)[], part: JsonObject): void {
  let at: unknown = data;
  for (const step of path) at = isObject(at) || Array.isArray(at) ? (at as Record<string | number, unknown>)[step] : undefined;
  if (isObject(at)) mergeInto(at, part, () => false);
}
