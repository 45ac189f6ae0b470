import { isDeepStrictEqual } from 'node:util';
import { expectedData } from '../shop/monolith.mjs';

const kept = new Map();

/** Null when `answer` is what one schema without subgraphs answers to this request; otherwise what is wrong with it. */
export async function wrongWith(answer, request) {
  if (typeof answer !== 'object' || answer === null) return `no JSON: ${String(answer).slice(0, 200)}`;
  if (answer.errors) return `errors: ${JSON.stringify(answer.errors).slice(0, 300)}`;
  const expected = await expectedFor(request);
  return isDeepStrictEqual(answer.data, expected) ? null : `other data, ${firstDifference(answer.data, expected, 'data')}`;
}

async function expectedFor(request) {
  const key = JSON.stringify(request);
  if (kept.size > 1_000) kept.clear();
  if (!kept.has(key)) kept.set(key, await expectedData(request));
  return kept.get(key);
}

function firstDifference(actual, expected, path) {
  if (typeof actual === 'object' && typeof expected === 'object' && actual !== null && expected !== null) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)]))
      if (!isDeepStrictEqual(actual[key], expected[key])) return firstDifference(actual[key], expected[key], `${path}.${key}`);
  }
  return `${path} is ${JSON.stringify(actual)?.slice(0, 80)} instead of ${JSON.stringify(expected)?.slice(0, 80)}`;
}
