import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../database/Database.js';
import { MeshError } from '../errors.js';
import { migrate } from '../migrate.js';
import { TOPICS, type Topic } from '../names.js';
import { decodeCursor, encodeCursor, eventGap } from './cursor.js';
import type { EventLog } from './EventLog.js';
import { consumeTable } from './consumeTable.js';
import { openTableReader } from './tableReader.js';

export interface TableEventLogOptions {
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly log: Logger;
  /** How long events are kept. Default 7. */
  readonly retentionDays?: number;
}

const DAY_MS = 86_400_000;
const TRIM_EVERY_MS = 60_000;
const TRIM_BATCH = 5_000;

/** An event log in a table, for PGlite and PostgreSQL alike. Readers are woken by NOTIFY, and look once a second all the same. */
export async function openTableEventLog(database: Database, options: TableEventLogOptions): Promise<EventLog> {
  const { clock, log, retentionDays = 7 } = options;
  await migrate(database, 'events', 'subgraphs/shared/eventlog/migrations');
  for (const topic of TOPICS) {
    await database.query('insert into events.topic (topic, epoch, head, oldest) values ($1, $2, 0, 1) on conflict do nothing', [
      topic,
      randomUUID(),
    ]);
  }
  const open = new Set<{ stop(): Promise<void> }>();
  let trimming: Promise<void> = Promise.resolve();
  let closed = false;
  const lastTrim = new Map<Topic, number>();

  const trimBatch = async (topic: Topic): Promise<number> => {
    const before = new Date(clock() - retentionDays * DAY_MS);
    return database.transaction(async (tx) => {
      await tx.query('select 1 from events.topic where topic = $1 for update', [topic]);
      const { rows } = await tx.query<{ position: bigint }>(
        `delete from events.log where topic = $1 and position in
           (select position from events.log where topic = $1 and at < $2 order by position limit ${TRIM_BATCH}) returning position`,
        [topic, before],
      );
      if (rows.length === 0) return 0;
      const last = rows.reduce((max, { position }) => (position > max ? position : max), 0n);
      await tx.query('update events.topic set oldest = $2 where topic = $1', [topic, last + 1n]);
      return rows.length;
    });
  };
  /** All that is too old, in batches, so that no transaction takes long; those who append do so in between. */
  const trim = async (topic: Topic): Promise<void> => {
    while (!closed && (await trimBatch(topic)) === TRIM_BATCH);
  };

  return {
    system: 'agent_mesh',
    append: async (topic, events) => {
      if (events.length === 0) return;
      await database.transaction(async (tx) => {
        const { rows } = await tx.query<{ head: bigint }>('select head from events.topic where topic = $1 for update', [topic]);
        const known = await tx.query<{ event_id: string }>(
          'select event_id from events.log where topic = $1 and event_id = any($2::text[])',
          [topic, events.map(({ id }) => id)],
        );
        const seen = new Set(known.rows.map(({ event_id }) => event_id));
        const fresh = events.filter(({ id }) => !seen.has(id) && seen.add(id));
        if (fresh.length === 0) return;
        const head = rows[0]!.head;
        await tx.query(
          `insert into events.log (topic, position, event_id, event, at)
             select $1, $2::bigint + ordinality, event->>'id', event, $4
             from jsonb_array_elements($3::jsonb) with ordinality as fresh (event, ordinality)`,
          [topic, head, JSON.stringify(fresh), new Date(clock())],
        );
        await tx.query('update events.topic set head = $2 where topic = $1', [topic, head + BigInt(fresh.length)]);
        await database.notify(channelOf(topic), tx);
      });
      if (clock() - (lastTrim.get(topic) ?? 0) > TRIM_EVERY_MS) {
        lastTrim.set(topic, clock());
        trimming = trimming
          .then(() => trim(topic))
          .catch((error: unknown) =>
            log.warn({ topic, err: error }, 'old events could not be removed; a later append tries again'),
          );
      }
    },

    head: async (topic) => {
      const { epoch, head } = await readTopic(database, topic);
      return encodeCursor({ topic, epoch, offsets: [head] });
    },

    read: async (topic, from) => {
      const { epoch, head, oldest } = await readTopic(database, topic);
      const start = from === 'head' ? head : positionOf(from, topic, { epoch, head, oldest });
      const reader = await openTableReader({ database, topic, epoch, start, onStop: () => open.delete(reader) });
      open.add(reader);
      return reader;
    },

    consume: async (group, topics, handle) => {
      const consumer = await consumeTable({ database, group, topics, handle, log, onStop: () => open.delete(consumer) });
      open.add(consumer);
      return consumer;
    },

    close: async () => {
      closed = true;
      await trimming;
      await Promise.all([...open].map((each) => each.stop()));
    },
  };
}

export function channelOf(topic: Topic): string {
  return `mesh_events_${topic.replace('.', '_')}`;
}

export interface TopicState {
  readonly epoch: string;
  readonly head: number;
  readonly oldest: number;
}

export async function readTopic(database: Database, topic: Topic): Promise<TopicState> {
  const { rows } = await database.query<{ epoch: string; head: bigint; oldest: bigint }>(
    'select epoch, head, oldest from events.topic where topic = $1',
    [topic],
  );
  const { epoch, head, oldest } = rows[0]!;
  return { epoch, head: Number(head), oldest: Number(oldest) };
}

function positionOf(cursor: string, topic: Topic, { epoch, head, oldest }: TopicState): number {
  const decoded = decodeCursor(cursor, topic);
  const [position] = decoded.offsets;
  if (position === undefined || decoded.offsets.length > 1)
    throw new MeshError('BAD_CURSOR', 'The cursor cannot be used: it is of a log with other partitions. Start without one.');
  if (decoded.epoch !== epoch || position > head || position + 1 < oldest) throw eventGap(topic, position, oldest);
  return position;
}
