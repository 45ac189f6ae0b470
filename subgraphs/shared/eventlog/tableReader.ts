import type { Database } from '../database/Database.js';
import type { MeshEvent } from '../events.js';
import type { Topic } from '../names.js';
import { createWaker, type Waker } from '../pause.js';
import { encodeCursor } from './cursor.js';
import type { EventReader, LoggedEvent } from './EventLog.js';
import { channelOf, eventGap, readTopic } from './tableEventLog.js';

const BATCH = 500;
const POLL_MS = 1_000;
const DONE = { value: undefined, done: true } as const;

interface Options {
  readonly database: Database;
  readonly topic: Topic;
  readonly epoch: string;
  /** Position of the last event that the reader has seen. */
  readonly start: number;
  onStop(): void;
}

/**
 * Reads on demand: nothing is fetched until somebody asks for the next event, and at most one batch is held.
 * Written by hand because the `return()` of an async generator waits behind a pending `next()`, which here may wait for ever. Nor is
 * each `next()` raced against a promise that lives as long as the reader: every race would leave a reaction that holds its event.
 */
export async function openTableReader({ database, topic, epoch, start, onStop }: Options): Promise<EventReader> {
  const waker = createWaker();
  const listening = await database.listen(channelOf(topic), waker.wake);
  const batch: LoggedEvent[] = [];
  let position = start;
  let stopped = false;
  const pending = new Set<(result: typeof DONE) => void>();

  const fill = async (): Promise<void> => {
    while (!stopped && batch.length === 0) {
      const events = await readBatch(database, topic, position);
      if (events.length === 0) {
        await waitForMore(database, topic, epoch, position, waker);
        continue;
      }
      if (events[0]!.position !== position + 1) throw eventGap(topic, position, events[0]!.position);
      for (const { position: offset, event } of events)
        batch.push({ event, cursor: encodeCursor({ topic, epoch, offsets: [offset] }) });
      position = events.at(-1)!.position;
    }
  };
  // One `next` after the other, so that two callers never read the same batch.
  let last: Promise<unknown> = Promise.resolve();
  const take = async (): Promise<IteratorResult<LoggedEvent>> => {
    await fill();
    const value = batch.shift();
    return value && !stopped ? { value, done: false } : DONE;
  };
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    for (const settle of pending) settle(DONE);
    pending.clear();
    waker.wake();
    onStop();
    await listening.stop();
  };
  const reader: EventReader = {
    next: () => {
      if (stopped) return Promise.resolve(DONE);
      return new Promise((resolve, reject) => {
        pending.add(resolve);
        const result = last.then(take).finally(() => pending.delete(resolve));
        last = result.then(
          () => undefined,
          () => undefined,
        );
        result.then(resolve, reject);
      });
    },
    return: async () => {
      await stop();
      return DONE;
    },
    stop,
    [Symbol.asyncIterator]: () => reader,
  };
  return reader;
}

/** When the log was made anew under a waiting reader, its positions mean nothing any more. */
async function waitForMore(database: Database, topic: Topic, epoch: string, position: number, waker: Waker): Promise<void> {
  await waker.wait(POLL_MS);
  const now = await readTopic(database, topic);
  if (now.epoch !== epoch || now.head < position || position + 1 < now.oldest) throw eventGap(topic, position, now.oldest);
}

export async function readBatch(
  database: Database,
  topic: Topic,
  after: number,
): Promise<{ position: number; event: MeshEvent }[]> {
  const { rows } = await database.query<{ position: bigint; event: MeshEvent }>(
    `select position, event from events.log where topic = $1 and position > $2 order by position limit ${BATCH}`,
    [topic, after],
  );
  return rows.map(({ position, event }) => ({ position: Number(position), event }));
}
