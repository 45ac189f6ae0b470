import type { Logger } from 'pino';
import type { Database } from '../database/Database.js';
import type { Topic } from '../names.js';
import { createWaker, retryPauseMs } from '../pause.js';
import { createDelivery, type DeadLetter } from './createDelivery.js';
import type { EventConsumer, EventHandler } from './EventLog.js';
import { channelOf, readTopic } from './tableEventLog.js';
import { readBatch } from './tableReader.js';

interface Options {
  readonly database: Database;
  readonly group: string;
  readonly topics: readonly Topic[];
  readonly handle: EventHandler;
  readonly log: Logger;
  onStop(): void;
}

const POLL_MS = 1_000;

/**
 * A consumer group on the table log: for each topic one process of the group at a time, kept apart by an advisory lock that is held
 * only while a batch is worked on. The position is written after the handler, so a crash between the two repeats the batch.
 * Dead letters are rows of events.dead_letter.
 */
export async function consumeTable(options: Options): Promise<EventConsumer> {
  const workers = await Promise.all(options.topics.map((topic) => startWorker(options, topic)));
  return {
    settled: async () => {
      await Promise.all(workers.map((worker) => worker.settled()));
    },
    stop: async () => {
      options.onStop();
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

async function startWorker({ database, group, handle, log }: Options, topic: Topic): Promise<EventConsumer> {
  const putAside = (letter: DeadLetter): Promise<void> => storeDeadLetter(database, letter);
  const delivery = createDelivery({ group, topic, handle, log, putAside, system: 'agent_mesh' });
  const waker = createWaker();
  const listening = await database.listen(channelOf(topic), waker.wake);
  let stopped = false;
  let failures = 0;

  const handleBatch = async (): Promise<number> => {
    try {
      const handled = await database.withTryLock(`consume ${group} ${topic}`, async () => {
        const position = await readPosition(database, group, topic);
        const events = await readBatch(database, topic, position);
        if (events.length === 0) return 0;
        const [first] = events;
        if (position > 0 && first!.position > position + 1)
          log.error(
            { group, topic, after: position, before: first!.position },
            'events were no longer kept when this group came to them',
          );
        const done = await delivery.attempt(events.map(({ event }) => event));
        await database.query(
          `insert into events.consumed (consumer_group, topic, position) values ($1, $2, $3)
             on conflict (consumer_group, topic) do update set position = excluded.position`,
          [group, topic, events[done - 1]!.position],
        );
        return done;
      });
      failures = 0;
      return handled ?? 0;
    } catch (error) {
      failures++;
      log.warn({ group, topic, err: error, failures }, 'events could not be handled and are tried again');
      return 0;
    }
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      if ((await handleBatch()) === 0) await waker.wait(failures > 0 ? retryPauseMs(failures) : POLL_MS);
    }
  };
  const running = loop();

  return {
    settled: async () => {
      const { head } = await readTopic(database, topic);
      while (!stopped && (await readPosition(database, group, topic)) < head) {
        waker.wake();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    stop: async () => {
      stopped = true;
      waker.wake();
      await running;
      await listening.stop();
    },
  };
}

async function storeDeadLetter(database: Database, { group, topic, event, error }: DeadLetter): Promise<void> {
  await database.query(
    `insert into events.dead_letter (consumer_group, topic, event_id, event, error, at) values ($1, $2, $3, $4::jsonb, $5, now())
       on conflict (consumer_group, topic, event_id) do update set error = excluded.error, at = excluded.at`,
    [group, topic, event.id, JSON.stringify(event), error],
  );
}

/** A new group begins at the oldest event that is kept. */
async function readPosition(database: Database, group: string, topic: Topic): Promise<number> {
  const { rows } = await database.query<{ position: bigint }>(
    `select coalesce(max(consumed.position), min(topic.oldest) - 1) as position
       from events.topic left join events.consumed on consumed.topic = topic.topic and consumed.consumer_group = $1
       where topic.topic = $2`,
    [group, topic],
  );
  return Number(rows[0]!.position);
}
