import fc from 'fast-check';
import { buildSchema, executeSync, getOperationAST, parse, print, validate, type DocumentNode } from 'graphql';
import { expect, it } from 'vitest';
import { createPrepareOperation, type PreparedOperation } from '../../../gateway/pipeline/prepareOperation.js';
import { choicesOf } from '../../federation/generate/Choices.js';
import { drawText, echoSchema, writeText } from './support/drawText.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20261125);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 200);

const schema = echoSchema();

/** What graphql-js says of a text: its answer, or null when it is not valid or has no such operation. */
function expected(source: string, variables: Readonly<Record<string, unknown>>, operationName?: string): string | null {
  let document;
  try {
    document = parse(source);
  } catch {
    return null;
  }
  if (validate(schema, document).length > 0 || !getOperationAST(document, operationName)) return null;
  return answer(document, variables, operationName);
}

function answer(document: DocumentNode, variables: Readonly<Record<string, unknown>>, operationName?: string): string {
  const named = operationName === undefined ? {} : { operationName };
  return JSON.stringify(executeSync({ schema, document, variableValues: variables, ...named }));
}

type Prepare = ReturnType<typeof createPrepareOperation>;

function prepareWith(prepare: Prepare, source: string, operationName?: string): PreparedOperation | null {
  try {
    return prepare(schema, source, operationName);
  } catch {
    return null;
  }
}

function answered(prepared: PreparedOperation | null, variables: Readonly<Record<string, unknown>>): string | null {
  if (!prepared) return null;
  // Subgraphs are asked in the same way, and would refuse what is not valid.
  expect(validate(schema, prepared.document)).toEqual([]);
  return answer(prepared.document, { ...variables, ...prepared.literals });
}

it(
  `gives every text its own answer, whatever texts of the same shape came before (FUZZ_SEED=${SEED})`,
  { timeout: 120_000 },
  () => {
    let lookedUp = 0;
    fc.assert(
      fc.property(fc.gen(), (generate) => {
        const choices = choicesOf(generate);
        const { tokens, variables, operationName } = drawText(choices);
        let parsed = 0;
        const prepare = createPrepareOperation((source) => (parsed++, parse(source)));
        for (const other of [false, true, true, false]) {
          const source = writeText(tokens, choices, other);
          const right = expected(source, variables, operationName);
          if (!other) expect(right, source).not.toBeNull();
          const before = parsed;
          expect(answered(prepareWith(prepare, source, operationName), variables), source).toBe(right);
          if (right !== null && parsed === before) lookedUp++;
        }
      }),
      { seed: SEED, numRuns: RUNS, endOnFailure: true },
    );
    // Otherwise nothing has been shown of those that are looked up.
    expect(lookedUp).toBeGreaterThan(RUNS / 2);
  },
);

const PIECES = [
  '.',
  '...',
  '"',
  '"""',
  '\\',
  '#',
  '{',
  '}',
  '(',
  ')',
  '@',
  '$',
  '!',
  ':',
  '-',
  '0',
  '1',
  '.5',
  'e',
  'x',
  'query',
  '\n',
  '\ud800',
];

it(
  `finds wrong what graphql finds wrong, although a right text of nearly the same shape is known (FUZZ_SEED=${SEED})`,
  {
    timeout: 120_000,
  },
  () => {
    let wrong = 0;
    fc.assert(
      fc.property(fc.gen(), (generate) => {
        const choices = choicesOf(generate);
        const { tokens, variables, operationName } = drawText(choices);
        const prepare = createPrepareOperation((source) => parse(source));
        const source = writeText(tokens, choices);
        prepareWith(prepare, source, operationName);
        for (let round = 0; round < 8; round++) {
          const at = choices.below(source.length);
          const broken = source.slice(0, at) + choices.pick([...PIECES, '']) + source.slice(at + choices.below(3));
          const right = expected(broken, variables, operationName);
          if (right === null) wrong++;
          expect(answered(prepareWith(prepare, broken, operationName), variables), broken).toBe(right);
        }
      }),
      { seed: SEED, numRuns: RUNS, endOnFailure: true },
    );
    expect(wrong).toBeGreaterThan(RUNS);
  },
);

const small = buildSchema(`
  directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
  scalar JSON
  input One @oneOf { a: String b: Int }
  type Query { t(a: String, n: Int, f: Float, j: JSON, one: One): Query b: Int }
`);

it('leaves the label of an @defer where it is, so that texts that differ in it are two operations', () => {
  const prepare = createPrepareOperation((source): DocumentNode => parse(source));
  const texts = ['one', 'two', 'one'].map((label) => {
    const prepared = prepare(small, `{ t(a: "x") { ... @defer(label: "${label}") { b t(a: "y") { b } } } }`)!;
    expect(Object.values(prepared.literals)).toEqual(['x', 'y']);
    return print(prepared.document);
  });
  expect(texts[0]).toContain('@defer(label: "one")');
  expect(texts[1]).toContain('@defer(label: "two")');
  expect(texts[2]).toBe(texts[0]);
});

it.each([
  ['three dots that are not one sign', '{ ...F } fragment F on Query { b }', '{ . . . F } fragment F on Query { b }'],
  ['half a surrogate pair in a string', '{ t(a: "x") { b } }', '{ t(a: "\ud800") { b } }'],
  ['half a surrogate pair in a comment', '{ t(a: "x") { b } }', '{ t(a: "x") { b } } # \ud800'],
  ['one field with two spellings of a number', '{ t(f: 1.5) { b } t(f: 1.5) { b } }', '{ t(f: 1.5) { b } t(f: 1.50) { b } }'],
  ['one field with two values', '{ t(n: 1) { b } t(n: 1) { b } }', '{ t(n: 1) { b } t(n: 2) { b } }'],
  ['a number that is no Int', '{ t(n: 1) { b } }', '{ t(n: 3000000000) { b } }'],
  ['a word that JavaScript takes for a number', '{ t(f: 1.5) { b } }', '{ t(f: -Infinity) { b } }'],
])('finds %s wrong', (_, right, wrong) => {
  const prepare = createPrepareOperation((source): DocumentNode => parse(source));
  expect(prepare(small, right)).not.toBeNull();
  let prepared;
  try {
    prepared = prepare(small, wrong);
  } catch {
    prepared = null;
  }
  expect(prepared).toBeNull();
});

it('leaves whole what a custom scalar takes, and tells @oneOf that its value is there', () => {
  const prepare = createPrepareOperation((source): DocumentNode => parse(source));
  const [list, again, one] = ['{ t(j: ["x"]) { b } }', '{ t(j: ["y"]) { b } }', '{ t(one: { a: "x" }) { b } }'].map((source) =>
    prepare(small, source)!,
  );
  expect(print(list!.document)).toContain('t(j: ["x"])');
  expect(print(again!.document)).toContain('t(j: ["y"])');
  expect(validate(small, one!.document)).toEqual([]);
  expect(one!.literals).toEqual({ _l0: 'x' });
});

it('does not look up an operation under the name that another text begins with', () => {
  const prepare = createPrepareOperation((source): DocumentNode => parse(source));
  for (let time = 0; time < 3; time++) expect(prepare(small, 'query\nquery { b }')).toMatchObject({ name: 'query' });
  expect(() => prepare(small, 'query { b }', 'query')).toThrow('There is no operation named "query".');
});

it('keeps documents that do not hold their texts', () => {
  const prepare = createPrepareOperation((source): DocumentNode => parse(source));
  for (const source of ['{ t(a: "x", n: 5) { b } }', 'query A { b } query B { b }'])
    expect(JSON.stringify(prepare(small, source, source.startsWith('query') ? 'A' : undefined)!.document)).not.toContain('"loc"');
});
