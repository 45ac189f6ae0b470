import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COST_DEFAULTS } from '../../../gateway/config/costConfig.js';
import { readConfig } from '../../../gateway/config/readConfig.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'mesh-costs-'))));
afterEach(() => rm(folder, { recursive: true }));
async function file(text: string): Promise<string> {
  const path = join(folder, 'limits.yaml');
  await writeFile(path, text);
  return path;
}
const costOf = (env: Record<string, string>) => readConfig(env).gateway.cost;

describe('what operations may cost', () => {
  it.each<[Record<string, string>, object]>([
    [{}, COST_DEFAULTS],
    [{ MESH_COST_MODE: 'measure' }, { mode: 'measure', limits: { max: null } }],
    [{ MESH_COST_MAX: '1000' }, { mode: 'enforce', limits: { max: 1000 } }],
    [
      { MESH_COST_MAX: '0', MESH_COST_MODE: 'measure' },
      { mode: 'measure', limits: { max: 0 } },
    ],
    [{ MESH_COST_MAX: '5', MESH_COST_MODE: 'off' }, { mode: 'off' }],
    [{ MESH_COST_LIST_SIZE: '100' }, { mode: 'off', listSize: 100 }],
    [
      { MESH_COST_ACTUAL: 'on', MESH_COST_SHOW: 'on' },
      { countsAnswers: true, isShown: true },
    ],
  ])('is read from %j', (env, cost) => expect(costOf(env)).toMatchObject(cost));

  it('is read from a file, by client and principal', async () => {
    const MESH_COST_LIMITS = await file(`
clients: { web: 500, nightly report: 20000 }
principals:
  - { kind: SERVICE, id: reports, max: 20000 }
  - { tenant: demo, role: analyst, max: 5000 }
`);
    expect(costOf({ MESH_COST_LIMITS })).toMatchObject({
      mode: 'enforce',
      limits: {
        max: null,
        clients: new Map([
          ['web', 500],
          ['nightly report', 20_000],
        ]),
        principals: [
          { kind: 'SERVICE', id: 'reports', max: 20_000 },
          { tenant: 'demo', role: 'analyst', max: 5_000 },
        ],
      },
    });
    expect(costOf({ MESH_COST_LIMITS: await file('') })?.limits).toMatchObject({ clients: new Map(), principals: [] });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ MESH_COST_MODE: 'on' }, /MESH_COST_MODE must be off, measure or enforce/],
    [{ MESH_COST_MODE: 'enforce' }, /MESH_COST_MAX is missing/],
    [{ MESH_COST_MAX: 'much' }, /MESH_COST_MAX must be a number from 0 to/],
    [{ MESH_COST_MAX: '-1' }, /MESH_COST_MAX must be a number from 0 to/],
    [{ MESH_COST_MAX: '1.5' }, /MESH_COST_MAX must be a whole number/],
    [{ MESH_COST_LIST_SIZE: '1000001' }, /MESH_COST_LIST_SIZE must be a number from 0 to 1000000/],
    [{ MESH_COST_ACTUAL: '1' }, /MESH_COST_ACTUAL must be on or off/],
    [{ MESH_COST_SHOW: 'yes' }, /MESH_COST_SHOW must be on or off/],
    [{ MESH_COST_LIMITS: '/nowhere/limits.yaml' }, /MESH_COST_LIMITS: ENOENT/],
  ])('is refused: %j', (env, problem) => expect(() => costOf(env)).toThrow(problem));

  it.each([
    ['clients: { web: -1 }', /MESH_COST_LIMITS: clients\.web: /],
    ['principals: [{ max: 5 }]', /MESH_COST_LIMITS: principals\.0: must say whom it fits/],
    ['principals: [{ kind: HUMAN, max: 5 }]', /MESH_COST_LIMITS: principals\.0\.kind: /],
    ['principals: [{ id: ada }]', /MESH_COST_LIMITS: principals\.0\.max: /],
    ['everybody: 5', /MESH_COST_LIMITS: the file: /],
    ['[', /MESH_COST_LIMITS: /],
  ])('is refused in a file: %s', async (text, problem) => {
    const MESH_COST_LIMITS = await file(text);
    expect(() => costOf({ MESH_COST_LIMITS })).toThrow(problem);
  });
});
