import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readConfig } from '../../../gateway/config/readConfig.js';
import { settingsOf, SUBGRAPH_DEFAULTS } from '../../../gateway/config/subgraphsConfig.js';

const folder = mkdtempSync(join(tmpdir(), 'mesh-subgraphs-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(text: string): string {
  const file = join(folder, `${++files}.yaml`);
  writeFileSync(file, text);
  return file;
}

it('settles each subgraph: its own, then what holds for all, then the defaults', () => {
  const ca = write('PEM');
  const file = write(`
all:
  timeoutMs: 5000
  retry: {}
  headers: [{ propagate: X-Request-Id }]
subgraphs:
  products:
    timeoutMs: 900
    protocol: h2c
    caFile: ${ca}
    breaker: false
    hedge: { afterMs: 30 }
    headers:
      - { propagate: x-team, as: X-Tenant, default: none }
      - { insert: authorization, fromEnv: PRODUCTS_TOKEN }
      - { insert: x-caller, value: mesh }
  users: { retry: false }
`);
  const { subgraphs } = readConfig({ MESH_SUBGRAPHS_CONFIG: file, PRODUCTS_TOKEN: 'Bearer t' });
  expect(settingsOf(subgraphs, 'products')).toEqual({
    ...SUBGRAPH_DEFAULTS,
    timeoutMs: 900,
    protocol: 'h2c',
    ca: 'PEM',
    breaker: null,
    retry: { retries: 2, delayMs: 25, maxDelayMs: 1_000, budgetPercent: 10 },
    hedge: { afterMs: 30, budgetPercent: 5 },
    headers: [
      { from: 'x-team', name: 'x-tenant', fallback: 'none' },
      { from: null, name: 'authorization', value: 'Bearer t' },
      { from: null, name: 'x-caller', value: 'mesh' },
    ],
  });
  const headers = [{ from: 'x-request-id', name: 'x-request-id', fallback: null }];
  expect(settingsOf(subgraphs, 'users')).toEqual({ ...SUBGRAPH_DEFAULTS, timeoutMs: 5_000, headers });
  expect(settingsOf(subgraphs, 'another')).toMatchObject({ timeoutMs: 5_000, retry: { retries: 2 } });
  expect(settingsOf(readConfig({}).subgraphs, 'any')).toBe(SUBGRAPH_DEFAULTS);
  expect(settingsOf(readConfig({ MESH_SUBGRAPHS_CONFIG: write('') }).subgraphs, 'any')).toEqual(SUBGRAPH_DEFAULTS);
});

function problemsOf(text: string, env: Record<string, string> = {}): string {
  try {
    readConfig({ MESH_SUBGRAPHS_CONFIG: write(text), ...env });
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_CONFIGURATION' });
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

it('reports everything that is wrong at once, with its place', () => {
  const message = problemsOf(
    `
all: { timeout: 5 }
subgraphs:
  a: { timeoutMs: 0, breaker: { failurePercent: 200 }, hedge: { afterMs: soon } }
  b: { protocol: h3, maxQueued: 1.5 }
`,
    { PORT: 'eighty' },
  );
  for (const place of ['PORT', 'all', 'timeout', 'a.timeoutMs', 'a.breaker', 'a.hedge', 'b.protocol', 'b.maxQueued'])
    expect(message).toContain(place);
  expect(problemsOf('subgraphs: { a: { caFile: /no/such/file } }')).toMatch(/ENOENT/);
  expect(problemsOf('subgraphs: [1]')).toMatch(/subgraphs/);
  expect(problemsOf('a: [')).toMatch(/MESH_SUBGRAPHS_CONFIG/);
  expect(() => readConfig({ MESH_SUBGRAPHS_CONFIG: '/no/such/file' })).toThrow(/ENOENT/);
});

it.each([
  ['a header of the gateway itself', '{ propagate: x-mesh-context }'],
  ['a header that HTTP needs', '{ insert: Content-Length, value: "1" }'],
  ['a header under the name of one', '{ propagate: x-a, as: host }'],
  ['what is no name', '{ propagate: "a b" }'],
  ['what is no value', '{ insert: x-a, value: "a\\nb" }'],
  ['a variable that is not set', '{ insert: x-a, fromEnv: NOT_SET }'],
  ['a variable whose value is none', '{ insert: x-a, fromEnv: SECRET }'],
  ['two ways at once', '{ insert: x-a, value: a, fromEnv: SECRET }'],
])('refuses a rule for %s', (_, rule) => {
  const message = problemsOf(`subgraphs: { a: { headers: [${rule}] } }`, { SECRET: 'hunter2\u0000' });
  expect(message).toMatch(/subgraphs\.a\.headers\.0/);
  expect(message).not.toContain('hunter2');
});

it.each([
  [{}, 'operation'],
  [{ MESH_SHARING: 'off' }, 'off'],
  [{ MESH_SHARING: 'subgraph' }, 'subgraph'],
])('knows what is shared: %o', (env, sharing) => {
  expect(readConfig(env).gateway.sharing).toBe(sharing);
  expect(() => readConfig({ MESH_SHARING: 'all' })).toThrow(/MESH_SHARING must be off, subgraph or operation/);
});
