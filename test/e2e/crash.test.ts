import { expect, it } from 'vitest';
import { dataOf, socketClient, watch } from '../support/graphqlClient.js';
import { eventually, runTask } from '../support/meshContract.js';
import { startWholeMesh, withFolder } from '../support/meshProcess.js';

const ROUNDS = 3;
const CLIENTS = 6;
const BEFORE_KILL = 25;

it('loses no acknowledged task, ledger entry or event when it is killed under load, and repeats none', async () => {
  await withFolder(async (folder) => {
    const acknowledged = new Set<string>();
    let cursor: string | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      const mesh = await startWholeMesh(folder);
      if (cursor === undefined) cursor = await firstCursor(mesh.url, acknowledged);
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
    for (const id of acknowledged) {
      const { task } = await eventually(
        () =>
          dataOf<{
            task: {
              status: string;
              cost: { usd: string } | null;
              evaluations: { id: string }[];
              attempts: { costUsd: string; outcome: string }[];
            };
          }>(
            mesh.url,
            `query ($id: ID!) { task(id: $id) { status cost { usd } evaluations { id } attempts { costUsd outcome } } }`,
            { id },
          ),
        ({ task }) => task?.status === 'SUCCEEDED' && task.cost && task.evaluations.length > 0,
      );
      expect(task.attempts.filter(({ outcome }) => outcome === 'SUCCEEDED')).toHaveLength(1);
      expect(task.attempts.map(({ costUsd }) => costUsd)).toEqual([task.cost!.usd]);
      expect(task.evaluations).toHaveLength(1);
    }

    const client = socketClient(mesh.url);
    const history = watch<{ taskEvents: { kind: string; task: { id: string } } }>(
      client,
      `subscription ($after: String) { taskEvents(after: $after) { kind task { id } } }`,
      { after: cursor },
    );
    const last = await runTask(mesh.url, '1 + 1');
    const seen = await history.until(({ taskEvents }) => taskEvents.kind === 'SUCCEEDED' && taskEvents.task.id === last);
    const kinds = new Map<string, string[]>();
    for (const { taskEvents } of seen) kinds.set(taskEvents.task.id, [...(kinds.get(taskEvents.task.id) ?? []), taskEvents.kind]);
    for (const id of acknowledged) {
      const ofTask = kinds.get(id) ?? [];
      for (const kind of ['QUEUED', 'SUCCEEDED', 'ATTEMPT'])
        expect(
          ofTask.filter((other) => other === kind),
          `${kind} of ${id}`,
        ).toEqual([kind]);
      expect(ofTask[0]).toBe('QUEUED');
      expect(ofTask.at(-1)).toBe('SUCCEEDED');
    }
    await client.dispose();
    expect(await mesh.stop()).toBe(0);
  });
});

/** Just before the first event of the load: the cursor of an event of a task that is not part of it. */
async function firstCursor(url: string, acknowledged: ReadonlySet<string>): Promise<string> {
  expect(acknowledged.size).toBe(0);
  const client = socketClient(url);
  const watching = watch<{ taskEvents: { kind: string; cursor: string } }>(client, `subscription { taskEvents { kind cursor } }`);
  let succeeded = false;
  const end = watching.until(({ taskEvents }) => taskEvents.kind === 'SUCCEEDED').finally(() => (succeeded = true));
  // The subscription may open after the first task has ended; another one follows until one is seen whole.
  while (!succeeded) {
    await runTask(url, '0 + 0');
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 200))]);
  }
  const seen = await end;
  await client.dispose();
  return seen.at(-1)!.taskEvents.cursor;
}
