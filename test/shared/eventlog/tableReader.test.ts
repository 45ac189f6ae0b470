import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { openPglite } from '../../../subgraphs/shared/database/openPglite.js';
import { newEvent } from '../../../subgraphs/shared/newEvent.js';
import { openLogOn } from '../contracts/openLog.js';

it('holds on to no event that it has given away', async () => {
  const { eventLog, close } = await openLogOn(await openPglite({ dataDir: null }));
  const reader = await eventLog.read('mesh.usage', 'head');
  const events = Array.from({ length: 20 }, (_, index) =>
    newEvent(
      'usage.settled',
      `t${index}`,
      { tenant: 't', reservationId: 'r', taskId: `t${index}` },
      { subgraph: 'agents', nowMs: 0 },
    ),
  );
  await eventLog.append('mesh.usage', events);
  const seen = [];
  for (let index = 0; index < 20; index++) seen.push(new WeakRef((await reader.next()).value!.event));
  const waiting = reader.next();
  await collectGarbage();
  // The newest may still be in some register; those before it are nobody's.
  expect(seen.slice(0, 15).filter((ref) => ref.deref() !== undefined)).toEqual([]);
  await reader.stop();
  await waiting;
  await close();
});

/** A full collection, in a turn of its own: what the turn before has touched is alive until it ends. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
}
