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
  const one = `${link('2.7', 'key')} type Query { t: T } type T @key(fields: "id") { id: ID! x: Int }`;
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
  expect(await planOf('query A { t { x } } query B { __typename }', { operation: 'B' })).toBe('nothing to fetch\n');
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
  ['what the schema does not have', () => planOf('{ nothing }'), 'GRAPHQL_VALIDATION_FAILED'],
])('says what is wrong with %s', async (_, plan, code) => {
  await expect(plan()).rejects.toMatchObject({ code });
});
