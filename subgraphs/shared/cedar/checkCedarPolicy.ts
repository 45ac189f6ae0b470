import { policySetTextToParts, policyToJson, type DetailedError } from '@cedar-policy/cedar-wasm/nodejs';

/** What is wrong in a policy text, and where. Lines and columns count from 1; columns count characters, not bytes. */
export interface CedarProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  /** A way out, where the parser knows one. */
  readonly hint: string | null;
}

/** More would make one policy a set of its own; split it. */
export const MAX_STATEMENTS = 100;

/** Every problem of a policy text, in the order of the text. Empty: it holds 1 to 100 statements that the engine takes. */
export function checkCedarPolicy(text: string): CedarProblem[] {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') return parts.errors.flatMap((error) => problemsOf(error, text)).sort(byPlace);
  const templates = parts.policy_templates.map((template) => ({
    message: 'this statement is a template: it has a slot that nothing fills',
    ...placeOf(text, text.indexOf(template)),
    hint: 'write the entity in place of `?principal` or `?resource`',
  }));
  if (templates.length > 0) return templates.sort(byPlace);
  const count = parts.policies.length;
  if (count === 0) return [atStart('there is no statement in this text', 'begin with `permit` or `forbid`')];
  if (count > MAX_STATEMENTS) return [atStart(`there are ${count} statements; ${MAX_STATEMENTS} is the most`, 'split the text')];
  return parts.policies.flatMap((statement) => {
    const json = policyToJson(statement);
    if (json.type === 'success') return [];
    const { line, column } = placeOf(text, text.indexOf(statement));
    return json.errors.map(({ message, help }) => ({ message, line, column, hint: help }));
  });
}

function problemsOf(error: DetailedError, text: string): CedarProblem[] {
  const [location] = error.sourceLocations ?? [];
  const before = Buffer.from(text, 'utf8').subarray(0, location?.start ?? 0);
  const place = placeOf(text, before.toString('utf8').length);
  const problem = { message: error.message, ...place, hint: error.help ?? location?.label ?? null };
  return [problem, ...(error.related ?? []).flatMap((related) => problemsOf(related, text))];
}

/** The parser counts UTF-8 bytes and JavaScript UTF-16 units; people count lines and characters. */
function placeOf(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, Math.max(0, offset)).split('\n');
  return { line: lines.length, column: [...lines.at(-1)!].length + 1 };
}

function atStart(message: string, hint: string): CedarProblem {
  return { message, line: 1, column: 1, hint };
}

function byPlace(a: CedarProblem, b: CedarProblem): number {
  return a.line - b.line || a.column - b.column;
}
