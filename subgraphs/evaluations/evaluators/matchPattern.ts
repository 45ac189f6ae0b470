import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import { verdict, type Answered, type Verdict } from './Evaluator.js';

const MAX_CHARACTERS = 100_000;
const compiled = new LRUCache<string, RE2JS>({ max: 500 });

/** Whether the pattern is found in the answer. RE2 takes time in proportion to the text, whatever the pattern. */
export function matchPattern({ text }: Answered, pattern: string): Verdict {
  const found = compilePattern(pattern).matcher(text.slice(0, MAX_CHARACTERS)).find();
  return verdict(found, found ? 'The pattern is found in the answer.' : 'The pattern is not found in the answer.');
}

/** Throws an Error that says what is wrong with the pattern. */
export function compilePattern(pattern: string): RE2JS {
  let expression = compiled.get(pattern);
  if (!expression) compiled.set(pattern, (expression = RE2JS.compile(pattern)));
  return expression;
}
