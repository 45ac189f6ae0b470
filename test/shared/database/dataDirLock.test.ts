import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDataDir } from '../../../subgraphs/shared/database/dataDirLock.js';
import { packageRoot } from '../../../subgraphs/shared/packageRoot.js';

const BUILT = join(packageRoot, 'dist/subgraphs/shared/database/dataDirLock.js');
const HOLD = `import { lockDataDir } from ${JSON.stringify(BUILT)}; lockDataDir(process.argv[1]); console.log('mine'); setInterval(() => {}, 1000);`;
/** Says what it got and stays until it is ended, so that nobody comes after a winner that is gone. */
const TRY = `import { lockDataDir } from ${JSON.stringify(BUILT)}; try { lockDataDir(process.argv[1]); console.log('mine'); } catch (error) { console.log(error.code); }
  setInterval(() => {}, 1000);`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesh-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(script: string) {
  return spawn(process.execPath, ['--input-type=module', '-e', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
}

it('keeps a second one out while the first lives, and lets it in once the first let go', () => {
  const release = lockDataDir(folder);
  expect(() => lockDataDir(folder)).toThrow(
    expect.objectContaining({ code: 'DATA_DIR_IN_USE', message: expect.stringContaining(String(process.pid)) }),
  );
  release();
  lockDataDir(folder)();
});

it('is taken over from a process that was killed', async () => {
  const holder = run(HOLD);
  await once(holder.stdout, 'data');
  expect(() => lockDataDir(folder)).toThrow(expect.objectContaining({ code: 'DATA_DIR_IN_USE' }));
  holder.kill('SIGKILL');
  await once(holder, 'close');
  expect(await readFile(join(folder, 'lock'), 'utf8')).toContain(String(holder.pid));
  lockDataDir(folder)();
});

it('has one winner among many that start together, after a kill too', async () => {
  for (const abandoned of [false, true]) {
    if (abandoned) {
      const holder = run(HOLD);
      await once(holder.stdout, 'data');
      holder.kill('SIGKILL');
      await once(holder, 'close');
    }
    const tried = Array.from({ length: 6 }, () => run(TRY));
    const said = await Promise.all(tried.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim()));
    const outcomes = said.sort();
    for (const each of tried) each.kill('SIGKILL');
    await Promise.all(tried.map((each) => once(each, 'close')));
    expect(outcomes.filter((outcome) => outcome === 'mine').length).toBeLessThanOrEqual(1);
    expect(new Set(outcomes.filter((outcome) => outcome !== 'mine'))).toEqual(new Set(['DATA_DIR_IN_USE']));
    if (!abandoned) expect(outcomes).toContain('mine');
    await rm(join(folder, 'lock'), { force: true });
  }
});

it('keeps out of a folder that another container or machine has open, whose processes cannot be seen from here', async () => {
  const lock = join(folder, 'lock');
  await writeFile(lock, `${process.pid} 1 another-boot/pid:[1]`);
  expect(() => lockDataDir(folder)).toThrow(
    expect.objectContaining({ code: 'DATA_DIR_IN_USE', message: expect.stringContaining('another container or machine') }),
  );
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  lockDataDir(folder)();
});
