import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { LRUCache } from 'lru-cache';
import { canonicalJson } from '../../shared/canonicalJson.js';
import { verdict, type Answered, type Verdict } from './Evaluator.js';
import { compilePattern } from './matchPattern.js';

const validators = new LRUCache<string, ValidateFunction>({ max: 200 });

/**
 * Whether the answer fits the schema: its text, when that is JSON (a fenced block of Markdown is looked into), otherwise what else the
 * agent gave as output.
 */
export function fitSchema({ text, output }: Answered, schema: object | boolean): Verdict {
  const value = readJson(text) ?? { of: output };
  try {
    const validate = compileSchema(schema);
    if (validate(value.of)) return verdict(true, 'The answer fits the schema.');
    const [error] = validate.errors ?? [];
    return verdict(
      false,
      `The answer does not fit the schema: ${error?.instancePath || 'it'} ${error?.message ?? 'is not allowed'}.`,
    );
  } catch (error) {
    if (error instanceof RangeError) return verdict(false, 'The answer is nested too deeply to be checked.');
    throw error;
  }
}

const OPTIONS: Options = {
  strict: false,
  // Formats are annotations, as draft 2020-12 has them by default.
  validateFormats: false,
  logger: false,
  // Patterns of a schema are a caller's: JavaScript's own could be made to search for ever.
  code: { regExp: Object.assign((pattern: string) => asRegExp(pattern), { code: 're2' }) },
};

/** Throws an Error that says what is wrong with the schema. References to other documents are not followed, and refused. */
export function compileSchema(schema: object | boolean): ValidateFunction {
  const key = canonicalJson(schema);
  let validate = validators.get(key);
  if (!validate) {
    const draft7 = typeof schema === 'object' && '$schema' in schema && String(schema.$schema).includes('draft-07');
    // An instance for each schema: they may bear the same $id, and ajv keeps what it has compiled for ever.
    validate = (draft7 ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS)).compile(schema);
    if ('$async' in validate) throw new Error('$async is not supported');
    validators.set(key, validate);
  }
  return validate;
}

function asRegExp(pattern: string) {
  const expression = compilePattern(pattern);
  // ajv keeps patterns apart by their texts.
  return { test: (text: string) => expression.matcher(text).find(), toString: () => pattern };
}

const FENCED = /```(?:json)?\s*\n([^`]*)```/u;

function readJson(text: string): { of: unknown } | undefined {
  for (const candidate of [text, FENCED.exec(text)?.[1]]) {
    try {
      if (candidate !== undefined) return { of: JSON.parse(candidate) };
    } catch {
      // Not JSON: the next.
    }
  }
  return undefined;
}
