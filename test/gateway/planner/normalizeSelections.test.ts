import { buildSchema, parse, print } from 'graphql';
import { expect, it } from 'vitest';
import { mergeRepeatedEffects } from '../../../gateway/planner/mergeRepeatedEffects.js';
import { normalizeSelections } from '../../../gateway/planner/normalizeSelections.js';
import { findOperation, rootFieldsOf, toSelection } from '../../../gateway/planner/rootFields.js';

const schema = buildSchema(`
  type Query { ant: Ant any: [Wide] narrow: Narrow }
  type Mutation { make(n: Int): Ant count: Int }
  interface Wide { id: ID }
  interface Narrow implements Wide { id: ID }
  type Ant implements Wide & Narrow { id: ID size: Int mate: Ant }
  type Bee implements Wide { id: ID size: Int }`);

function normalized(operation: string): string {
  const document = parse(operation);
  return print(normalizeSelections(schema, document, findOperation(document))).replaceAll(/\s+/g, ' ');
}

it.each([
  ['what a literal leaves out', '{ ant { id @skip(if: true) size @include(if: true) } }', '{ ant { size } }'],
  ['an object of which nothing is left', '{ ant { id @include(if: false) } }', '{ ant { __typename } }'],
  ['a root field', '{ ant @skip(if: true) { id } any { id } }', '{ any { id } }'],
  [
    'the opposite of what was decided around it',
    'query ($v: Boolean!) { ant { id ... @include(if: $v) { size mate @skip(if: $v) { id } } } }',
    'query ($v: Boolean!) { ant { id ... @include(if: $v) { size } } }',
  ],
  [
    'what was decided around it already',
    'query ($v: Boolean!) { ant { id ... @include(if: $v) { size @include(if: $v) } } }',
    'query ($v: Boolean!) { ant { id ... @include(if: $v) { size } } }',
  ],
  [
    'fragments on types that no object there has',
    '{ narrow { id ... on Wide { ... on Bee { size } id } } }',
    '{ narrow { id ... on Wide { id } } }',
  ],
])('leaves out %s', (_, operation, expected) => {
  expect(normalized(operation)).toBe(expected);
});

it.each([
  ['fields', 'query ($v: Boolean!) { ant { id @skip(if: $v) } }', 'query ($v: Boolean!) { ant { __typename id @skip(if: $v) } }'],
  ['types', '{ any { ... on Ant { id } } }', '{ any { __typename ... on Ant { id } } }'],
])('asks for the type of an object when all depends on %s', (_, operation, expected) => {
  expect(normalized(operation)).toBe(expected);
});

it('gives back the very document when there is nothing to do', () => {
  const document = parse('query ($v: Boolean!) { ant { id size @skip(if: $v) ...F } } fragment F on Ant { mate { id } }');
  expect(normalizeSelections(schema, document, findOperation(document))).toBe(document);
});

function merged(operation: string): string {
  const document = parse(operation);
  const fields = mergeRepeatedEffects(rootFieldsOf(document, findOperation(document)));
  return fields
    .map((field) => print(toSelection(field)))
    .join(' ')
    .replaceAll(/\s+/g, ' ');
}

it.each([
  ['makes a repeated effect once', 'mutation ($v: Boolean!) { count make { id } count @skip(if: $v) }', 'count make { id }'],
  [
    'keeps what the repetition selects, under its conditions',
    'mutation ($v: Boolean!) { make { id } count ... @include(if: $v) { make { size } } }',
    'make { id ... @include(if: $v) { size } } count',
  ],
  [
    'makes in one of two places what is first under a condition and then without',
    'mutation ($v: Boolean!) { make @skip(if: $v) { id } count make { size } }',
    'make @skip(if: $v) { id size } count ... @include(if: $v) { make { size } }',
  ],
  [
    'makes in one of two places what has two conditions',
    'mutation ($v: Boolean!, $w: Boolean!) { count @include(if: $v) make { id } count @skip(if: $w) }',
    'count @include(if: $v) make { id } ... @skip(if: $v) { count @skip(if: $w) }',
  ],
  [
    'keeps apart what has other names',
    'mutation { a: make(n: 1) { id } b: make(n: 1) { id } }',
    'a: make(n: 1) { id } b: make(n: 1) { id }',
  ],
])('%s', (_, operation, expected) => {
  expect(merged(operation)).toBe(expected);
});
