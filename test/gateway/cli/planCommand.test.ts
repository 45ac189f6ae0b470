import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { planCommand } from '../../../gateway/cli/planCommand.js';
import { compose, link } from '../../support/federate.js';

let folder: string;
let supergraph: string;
const file = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesh-plan-'));
  supergraph = file('supergraph.graphql');
  const one = `${link('2.9', 'key', 'listSize')} type Query { t: T list(first: Int): [T] @listSize(slicingArguments: ["first"]) } type T @key(fields: "id") { id: ID! x: Int }`;
  const two = `${link('2.7', 'key', 'override')} type T @key(fields: "id") { id: ID! y: Int x: Int @override(from: "one", label: "percent(50)") }`;
  await writeFile(supergraph, compose({ one, two }));
});
afterEach(() => rm(folder, { recursive: true }));

async function planOf(query: string, options: Omit<Parameters<typeof planCommand>[1], 'supergraph'> = {}): Promise<string> {
  await writeFile(file('q.graphql'), query);
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    await planCommand(file('q.graphql'), { ...options, supergraph });
  } finally {
    write.mockRestore();
  }
  return printed;
}

it('prints the plan of one of the operations in a file', async () => {
  expect(await planOf('query A { t { x } } query B { __typename }', { operation: 'B' })).toBe(
    'nothing to fetch\n\nestimated cost: 0\n',
  );
});

it('tells the estimated cost', async () => {
  expect(await planOf('{ t { x } list(first: 3) { x } }')).toContain('\n\nestimated cost: 4\n');
  const query = 'query ($n: Int!) { list(first: $n) { x } }';
  expect(await planOf(query)).toContain('estimated cost: depends on its variables, give them with --variables\n');
  expect(await planOf(query, { variables: '{"n": 7}' })).toContain('estimated cost: 7\n');
  expect(await planOf('query ($n: Int) { list(first: $n) { x } }')).toContain(
    'estimated cost: 10\nQuery.list needs exactly one of "first", and the operation gives none.\n',
  );
});

it('takes no chance: labels hold when they are named', async () => {
  expect(await planOf('{ t { x } }')).not.toContain('fetch from two');
  expect(await planOf('{ t { x } }', { label: ['percent(50)'] })).toContain('fetch from two');
});

it('keeps @defer when it is told to', async () => {
  const query = 'query A { t { id } } query B { t { x ... @defer(label: "why") { y } } }';
  expect(await planOf(query, { operation: 'B' })).not.toContain('later');
  expect(await planOf(query, { operation: 'B', defer: true })).toContain('later "why" at t');
});

it.each([
  ['a file that is not there', () => planCommand(file('none.graphql'), { supergraph }), 'BAD_USER_INPUT'],
  ['a supergraph that is not there', () => planCommand(file('q.graphql'), { supergraph: file('none') }), 'BAD_USER_INPUT'],
  ['what is not GraphQL', () => planOf('{ t {'), 'GRAPHQL_PARSE_FAILED'],
  ['variables that are no object', () => planOf('{ t { x } }', { variables: '7' }), 'BAD_USER_INPUT'],
  ['variables that are not JSON', () => planOf('{ t { x } }', { variables: '{' }), 'BAD_USER_INPUT'],
  [
    'variables that do not fit',
    () => planOf('query ($n: Int!) { list(first: $n) { x } }', { variables: '{"n": "x"}' }),
    'BAD_USER_INPUT',
  ],
  ['what the schema does not have', () => planOf('{ nothing }'), 'GRAPHQL_VALIDATION_FAILED'],
])('says what is wrong with %s', async (_, plan, code) => {
  await expect(plan()).rejects.toMatchObject({ code });
});
