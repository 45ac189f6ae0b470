import type { Database } from '../database/Database.js';
import type { MeshEvent } from '../events.js';
import type { Topic } from '../names.js';
import { createWaker, type Waker } from '../pause.js';
import { decodeCursor, encodeCursor, eventGap } from './cursor.js';
import type { EventReader, LoggedEvent } from './EventLog.js';
import { pullReader } from './pullReader.js';
import { channelOf, readTopic } from './tableEventLog.js';

const BATCH = 500;
const POLL_MS = 1_000;

interface Options {
  readonly database: Database;
  readonly topic: Topic;
  readonly epoch: string;
  /** Position of the last event that the reader has seen. */
  readonly start: number;
  onStop(): void;
}

/** Reads on demand: nothing is fetched until somebody asks for the next event, and at most one batch is held. */
export async function openTableReader({ database, topic, epoch, start, onStop }: Options): Promise<EventReader> {
  const waker = createWaker();
  const listening = await database.listen(channelOf(topic), waker.wake);
  const batch: { position: number; logged: LoggedEvent }[] = [];
  let position = start;
  let given = start;
  let done = start;
  let stopped = false;

  const fill = async (): Promise<void> => {
    while (!stopped && batch.length === 0) {
      const events = await readBatch(database, topic, position);
      if (events.length === 0) {
        await waitForMore(database, topic, epoch, position, waker);
        continue;
      }
      if (events[0]!.position !== position + 1) throw eventGap(topic, position, events[0]!.position);
      for (const { position: offset, event } of events)
        batch.push({ position: offset, logged: { event, cursor: encodeCursor({ topic, epoch, offsets: [offset] }) } });
      position = events.at(-1)!.position;
    }
  };
  return pullReader({
    take: async () => {
      await fill();
      const taken = batch.shift();
      given = taken?.position ?? given;
      return taken?.logged;
    },
    done: () => void (done = given),
    hasReached: (cursor) => done >= decodeCursor(cursor, topic).offsets[0]!,
    stop: async () => {
      stopped = true;
      waker.wake();
      onStop();
      await listening.stop();
    },
  });
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
