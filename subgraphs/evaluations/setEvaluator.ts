import { canonicalJson } from '../shared/canonicalJson.js';
import type { Queryable } from '../shared/database/Database.js';
import { parseUsd } from '../shared/money.js';
import type { Principal } from '../shared/principal.js';
import { badInput, isValidId, type UserError } from '../shared/userErrors.js';
import type { Evaluator, EvaluatorKind } from './evaluators/Evaluator.js';
import { compileSchema } from './evaluators/fitSchema.js';
import { parseDecimal } from './evaluators/lastNumber.js';
import { compilePattern } from './evaluators/matchPattern.js';
import { findEvaluatorsByIds, findJudgesInTheWay, saveEvaluator } from './evaluatorStore.js';

export interface EvaluatorInput {
  readonly id: string;
  readonly taskClass: string;
  readonly kind: EvaluatorKind;
  readonly enabled?: boolean | null;
  readonly pattern?: string | null;
  readonly schema?: unknown;
  readonly tolerance?: string | null;
  readonly rubric?: string | null;
  readonly judgeTaskClass?: string | null;
  readonly passScore?: number | null;
  readonly maxCostUsd?: string | null;
}

export interface EvaluatorPayload {
  readonly evaluator: Evaluator | null;
  readonly userErrors: readonly UserError[];
}

const JUDGE_TASK_CLASS = 'evaluation.judge';
const PASS_SCORE = 0.5;

/**
 * Creates the evaluator or brings the one with this id in line with the input. Everything is checked first: what could not judge is
 * refused with every reason, and then nothing changes. The same input again changes nothing.
 */
export async function setEvaluator(
  tx: Queryable,
  { tenant }: Principal,
  input: EvaluatorInput,
  nowMs: number,
): Promise<EvaluatorPayload> {
  const errors = problemsOf(tenant, input);
  if (errors.length > 0 || tenant === null) return { evaluator: null, userErrors: errors };
  // Two judges that are set at once could otherwise judge each other.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`evaluators ${tenant}`]);
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`evaluator ${input.id}`]);
  const [existing] = await findEvaluatorsByIds(tx, null, [input.id]);
  if (existing && existing.tenant !== tenant) {
    const taken = { code: 'ALREADY_EXISTS', message: `The id "${input.id}" is taken. Choose another.`, path: ['input', 'id'] };
    return { evaluator: null, userErrors: [taken] };
  }
  const now = new Date(nowMs);
  const wanted: Evaluator = {
    ...settingsOf(input),
    id: input.id,
    tenant,
    version: existing?.version ?? 0,
    createdAt: existing?.createdAt ?? now,
    updatedAt: existing?.updatedAt ?? now,
  };
  if (existing && canonicalJson(existing) === canonicalJson(wanted)) return { evaluator: existing, userErrors: [] };
  if (wanted.kind === 'JUDGE' && wanted.enabled) {
    const others = await findJudgesInTheWay(tx, wanted);
    if (others.length > 0) {
      const message = `A judge would judge a judge: with ${others.map((id) => `"${id}"`).join(', ')}. Judge another class of tasks.`;
      return { evaluator: null, userErrors: [badInput(['input', 'judgeTaskClass'], message)] };
    }
  }
  const evaluator = { ...wanted, version: wanted.version + 1, updatedAt: now };
  await saveEvaluator(tx, evaluator);
  return { evaluator, userErrors: [] };
}

/** Only what the kind needs, with its defaults: the rest of an input says nothing. */
function settingsOf(input: EvaluatorInput): Omit<Evaluator, 'id' | 'tenant' | 'version' | 'createdAt' | 'updatedAt'> {
  const { kind } = input;
  const isJudge = kind === 'JUDGE';
  return {
    taskClass: input.taskClass,
    kind,
    enabled: input.enabled ?? true,
    pattern: kind === 'REGEX' ? (input.pattern ?? null) : null,
    schema: kind === 'JSON_SCHEMA' ? (input.schema ?? null) : null,
    tolerance: kind === 'NUMERIC' ? (input.tolerance ?? '0') : null,
    rubric: isJudge ? (input.rubric ?? null) : null,
    judgeTaskClass: isJudge ? (input.judgeTaskClass ?? JUDGE_TASK_CLASS) : null,
    passScore: isJudge ? (input.passScore ?? PASS_SCORE) : null,
    maxCostUsd: isJudge ? (input.maxCostUsd ?? null) : null,
  };
}

const MAX_PATTERN = 1_000;
const MAX_SCHEMA = 65_536;
const MAX_RUBRIC = 10_000;

function problemsOf(tenant: string | null, input: EvaluatorInput): UserError[] {
  const errors: UserError[] = [];
  const check = (holds: boolean, name: string, message: string): void => {
    if (!holds) errors.push(badInput(['input', name], message));
  };
  if (tenant === null) errors.push(badInput(['input'], 'You belong to no tenant; set the evaluator as one who does.'));
  check(isValidId(input.id), 'id', 'An id has 1 to 200 characters and neither begins nor ends with a space.');
  check(isValidId(input.taskClass), 'taskClass', 'A task class has 1 to 200 characters and no space at either end.');
  const wanted = settingsOf(input);
  switch (input.kind) {
    case 'EXACT_MATCH':
      break;
    case 'NUMERIC': {
      const tolerance = parseDecimal(wanted.tolerance!);
      check(tolerance !== undefined && tolerance.units >= 0n, 'tolerance', 'A tolerance is a plain decimal, zero or more.');
      break;
    }
    case 'REGEX': {
      const fits = wanted.pattern !== null && wanted.pattern !== '' && wanted.pattern.length <= MAX_PATTERN;
      check(fits, 'pattern', `REGEX needs a pattern of 1 to ${MAX_PATTERN} characters.`);
      if (fits) check(...compiles('pattern', 'The pattern is not one of RE2', () => compilePattern(wanted.pattern!)));
      break;
    }
    case 'JSON_SCHEMA': {
      const { schema } = wanted;
      const isSchema = typeof schema === 'boolean' || (typeof schema === 'object' && schema !== null && !Array.isArray(schema));
      const fits = isSchema && JSON.stringify(schema).length <= MAX_SCHEMA;
      check(fits, 'schema', `JSON_SCHEMA needs a schema: an object or a boolean of at most ${MAX_SCHEMA} characters.`);
      if (fits) check(...compiles('schema', 'The schema cannot be used', () => compileSchema(schema)));
      break;
    }
    case 'JUDGE':
      check((wanted.rubric?.length ?? 0) <= MAX_RUBRIC, 'rubric', `A rubric has at most ${MAX_RUBRIC} characters.`);
      check(isValidId(wanted.judgeTaskClass!), 'judgeTaskClass', 'A task class has 1 to 200 characters.');
      check(
        wanted.judgeTaskClass !== input.taskClass,
        'judgeTaskClass',
        'A judge does not judge judgements: name another class.',
      );
      check(wanted.passScore! >= 0 && wanted.passScore! <= 1, 'passScore', 'A score is from 0 to 1.');
      check(isLimit(wanted.maxCostUsd), 'maxCostUsd', 'It is a plain decimal sum of USD, zero or more.');
  }
  return errors;
}

function compiles(name: string, what: string, compile: () => unknown): [boolean, string, string] {
  try {
    compile();
    return [true, name, ''];
  } catch (error) {
    return [false, name, `${what}: ${(error as Error).message}`];
  }
}

function isLimit(text: string | null): boolean {
  try {
    return text === null || parseUsd(text) >= 0n;
  } catch {
    return false;
  }
}
