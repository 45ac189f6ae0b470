import { expect, it } from 'vitest';
import { runTask } from '../support/meshContract.js';
import { startWholeMesh, withFolder } from '../support/meshProcess.js';
import { expectDoneOnce, expectWholeHistory, firstCursor } from '../support/taskHistory.js';

const ROUNDS = 3;
const CLIENTS = 6;
const BEFORE_KILL = 25;

it('loses no acknowledged task, ledger entry or event when it is killed under load, and repeats none', async () => {
  await withFolder(async (folder) => {
    const acknowledged = new Set<string>();
    let cursor: string | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      const mesh = await startWholeMesh(folder);
      if (cursor === undefined) cursor = await firstCursor(mesh.url);
      const goal = acknowledged.size + BEFORE_KILL;
      const load = Array.from({ length: CLIENTS }, async (_, client) => {
        for (let n = 0; ; n++) {
          const id = await runTask(mesh.url, `${n} + ${client}`).catch(() => null);
          if (id === null) return;
          acknowledged.add(id);
          if (acknowledged.size >= goal) mesh.child.kill('SIGKILL');
        }
      });
      await Promise.all(load);
      await mesh.exited();
    }

    const mesh = await startWholeMesh(folder);
    await expectDoneOnce(mesh.url, acknowledged);
    await expectWholeHistory(mesh.url, acknowledged, cursor!);
    expect(await mesh.stop()).toBe(0);
  });
});
