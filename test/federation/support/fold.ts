import { canonicalJson } from '../../../subgraphs/shared/canonicalJson.js';

/**
 * What a field with arguments answers, given what it answers without: a value in which every argument shows, so that a lost, renamed or
 * wrongly coerced one is a difference. Enum values (in capitals), booleans and objects stay what they are; lists are turned.
 */
export function fold(value: unknown, args: Readonly<Record<string, unknown>>): unknown {
  if (Object.keys(args).length === 0) return value;
  const text = canonicalJson(args);
  return folded(value, text, hash(text));
}

function folded(value: unknown, text: string, number: number): unknown {
  if (Array.isArray(value)) {
    const turn = value.length === 0 ? 0 : number % value.length;
    return [...value.slice(turn), ...value.slice(0, turn)].map((item) => folded(item, text, number));
  }
  if (typeof value === 'string') return /^[A-Z]+$/.test(value) ? value : `${value} ${text}`;
  return typeof value === 'number' ? value + (number % 1_000) : value;
}

function hash(text: string): number {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)!) % 1_000_003;
  return sum;
}
