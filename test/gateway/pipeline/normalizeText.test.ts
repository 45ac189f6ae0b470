import { expect, it } from 'vitest';
import { normalizeText } from '../../../gateway/pipeline/normalizeText.js';

function keyOf(source: string): string | undefined {
  return normalizeText(source)?.key;
}

const BASE = 'query A { t(a: "x", n: 1, f: 1.5) { b } }';

it.each([
  ['another name', 'query Other { t(a: "x", n: 1, f: 1.5) { b } }'],
  ['no name', 'query { t(a: "x", n: 1, f: 1.5) { b } }'],
  ['other white space, commas and comments', '#"{\n\ufeffquery\tA{t(a:"x" n:1,,f:1.5){b#}\r}}'],
  ['other literals', 'query A { t(a: "y é 😀", n: -20, f: 0.25) { b } }'],
])('takes a text with %s for the same', (_, source) => {
  expect(keyOf(source)).toBe(keyOf(BASE));
});

it.each([
  ['another alias', 'query A { u: t(a: "x", n: 1, f: 1.5) { b } }'],
  ['a literal of another kind', 'query A { t(a: "x", n: 1.5, f: 1.5) { b } }'],
  ['a string with an escape', 'query A { t(a: "\\n", n: 1, f: 1.5) { b } }'],
  ['a block string', 'query A { t(a: """x""", n: 1, f: 1.5) { b } }'],
  ['another spelling of a number', 'query A { t(a: "x", n: 1, f: 1.50) { b } }'],
  ['null', 'query A { t(a: null, n: 1, f: 1.5) { b } }'],
  ['a directive', 'query A { t(a: "x", n: 1, f: 1.5) @skip(if: false) { b } }'],
  ['a short form', '{ t(a: "x", n: 1, f: 1.5) { b } }'],
])('does not take a text with %s for the same', (_, source) => {
  expect(keyOf(source)).toBeDefined();
  expect(keyOf(source)).not.toBe(keyOf(BASE));
});

it('tells texts apart by which of their literals are equal', () => {
  const [same, different] = ['{ t(a: "x") t(a: "x") }', '{ t(a: "x") t(a: "y") }'].map(keyOf);
  expect(same).toBe(keyOf('{ t(a: "z") t(a: "z") }'));
  expect(same).not.toBe(different);
});

it('leaves literals of directives and defaults where they are, and says where the others begin', () => {
  const source = 'query ($v: Int = 5) { a @tag(n: 1) b(n: 2) @tag(n: 3) { c(s: "x", l: [4, {k: 2}]) } }';
  const { literals, equals, starts, key } = normalizeText(source)!;
  expect(literals).toEqual([2, 'x', 4, 2]);
  expect(equals).toEqual([0, 1, 2, 0]);
  expect(starts.map((start) => source.slice(start, start + 3))).toEqual(['2) ', '"x"', '4, ', '2}]']);
  for (const kept of ['= 5', 'n : 1', 'n : 3']) expect(key).toContain(kept);
});

it.each([
  ['several operations', 'query A { a } query B { b }'],
  ['none', 'fragment F on Query { a }'],
  ['brackets that do not close', '{ a(b: 1 }'],
  ['a string that does not end', '{ a(b: "x) }'],
  ['a block string that does not end', '{ a(b: """x\\""") }'],
  ['half a surrogate pair', '{ a(b: "\ud83d") }'],
])('says nothing of a text with %s', (_, source) => {
  expect(normalizeText(source)).toBeNull();
});

it('finds the one operation whatever it and its fragments are called', () => {
  for (const source of ['query query { a }', 'fragment query on T { a } { ...query }', '{ query: query { mutation } }'])
    expect(normalizeText(source)).not.toBeNull();
  expect(normalizeText('query query { a }')!.name).toBe('query');
});
