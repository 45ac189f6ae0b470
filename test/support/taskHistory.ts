import { expect } from 'vitest';
import { dataOf, socketClient, watch } from './graphqlClient.js';
import { eventually, runTask } from './meshContract.js';

interface Done {
  task: {
    status: string;
    cost: { usd: string } | null;
    evaluations: { id: string }[];
    attempts: { costUsd: string; outcome: string }[];
  } | null;
}

/** Every task has succeeded by one attempt, was paid once, to the digit, and evaluated once. What follows by event is waited for. */
export async function expectDoneOnce(url: string, ids: Iterable<string>): Promise<void> {
  for (const id of ids) {
    const { task } = await eventually(
      () =>
        dataOf<Done>(
          url,
          `query ($id: ID!) { task(id: $id) { status cost { usd } evaluations { id } attempts { costUsd outcome } } }`,
          { id },
        ),
      ({ task: found }) => found?.status === 'SUCCEEDED' && found.cost && found.evaluations.length > 0,
    );
    expect(task!.attempts.filter(({ outcome }) => outcome === 'SUCCEEDED')).toHaveLength(1);
    expect(task!.attempts.map(({ costUsd }) => costUsd)).toEqual([task!.cost!.usd]);
    expect(task!.evaluations).toHaveLength(1);
  }
}

/** A client that resumes from the cursor sees each task being queued, tried and succeeding once, from its first to its last event. */
export async function expectWholeHistory(url: string, ids: Iterable<string>, cursor: string): Promise<void> {
  const client = socketClient(url);
  const history = watch<{ taskEvents: { kind: string; task: { id: string } } }>(
    client,
    `subscription ($after: String) { taskEvents(after: $after) { kind task { id } } }`,
    { after: cursor },
  );
  // Events of different tasks may overtake one another in a log of several partitions, so each task's end is waited for; then another
  // task's, to see that nothing comes twice after it.
  const kinds = new Map<string, string[]>([...ids].map((id) => [id, []]));
  const takeUntilDone = async (waitedFor: Set<string>): Promise<void> => {
    while (waitedFor.size > 0) {
      const [seen] = await history.take(1);
      const { kind, task } = seen!.taskEvents;
      kinds.get(task.id)?.push(kind);
      if (kind === 'SUCCEEDED') waitedFor.delete(task.id);
    }
  };
  await takeUntilDone(new Set(kinds.keys()));
  await takeUntilDone(new Set([await runTask(url, '1 + 1')]));
  for (const [id, ofTask] of kinds) {
    for (const kind of ['QUEUED', 'SUCCEEDED', 'ATTEMPT']) {
      expect(
        ofTask.filter((other) => other === kind),
        `${kind} of ${id}`,
      ).toEqual([kind]);
    }
    expect(ofTask[0]).toBe('QUEUED');
    expect(ofTask.at(-1)).toBe('SUCCEEDED');
  }
  await client.dispose();
}

/** The cursor of the last event of a task, from which everything later follows. */
export async function firstCursor(url: string): Promise<string> {
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
