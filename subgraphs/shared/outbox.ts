import type { Logger } from 'pino';
import type { Database, Queryable } from './database/Database.js';
import { TOPIC_OF, type MeshEvent } from './events.js';
import type { EventLog } from './eventlog/EventLog.js';
import type { SubgraphName, Topic } from './names.js';
import { createWaker, retryPauseMs } from './pause.js';
import { withBatchSpan } from './telemetry/batchSpan.js';

export { newEvent } from './newEvent.js';

/**
 * Puts an event into the subgraph's outbox, inside the transaction of the change that it tells of: both are kept or neither.
 * Call `wakeRelay` after the commit.
 */
export async function publish(tx: Queryable, subgraph: SubgraphName, event: MeshEvent): Promise<void> {
  await publishAll(tx, subgraph, [event]);
}

/** As `publish`, in one statement; in the order given. */
export async function publishAll(tx: Queryable, subgraph: SubgraphName, events: readonly MeshEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    `insert into ${subgraph}.outbox (topic, event)
     select told ->> 'topic', told -> 'event' from jsonb_array_elements($1::text::jsonb) with ordinality as list (told, place) order by place`,
    [JSON.stringify(events.map((event) => ({ topic: TOPIC_OF[event.type], event })))],
  );
}

export async function createOutbox(database: Database, subgraph: SubgraphName): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`migrate ${subgraph}`]);
    await tx.script(`
      create schema if not exists ${subgraph};
      create table if not exists ${subgraph}.outbox (
        id bigserial primary key, topic text not null, event jsonb not null, created_at timestamptz not null default now());
      comment on table ${subgraph}.outbox is 'Events that are committed and not yet in the event log; the relay empties it in order of id.';
    `);
  });
}

export interface OutboxRelay {
  wake(): void;
  /** Resolves once everything that was in the outbox at the call is in the event log. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const BATCH = 500;
const POLL_MS = 1_000;

/**
 * Moves events from the outbox to the event log, in order, one relay at a time for each subgraph whichever process it is in.
 * A crash between append and delete repeats the append, which the log ignores. When the log fails, the outbox holds.
 */
export function startOutboxRelay(options: {
  database: Database;
  subgraph: SubgraphName;
  eventLog: EventLog;
  log: Logger;
}): OutboxRelay {
  const { database, subgraph, eventLog, log } = options;
  const waker = createWaker();
  let stopped = false;
  let failures = 0;

  const empty = async (): Promise<number> => {
    try {
      const moved = await database.withTryLock(`relay ${subgraph}`, () => moveBatch(database, subgraph, eventLog));
      failures = 0;
      return moved ?? 0;
    } catch (error) {
      failures++;
      log.warn({ subgraph, err: error, failures }, 'the outbox relay failed and tries again');
      return 0;
    }
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      if ((await empty()) === BATCH) continue;
      await waker.wait(failures > 0 ? retryPauseMs(failures) : POLL_MS);
    }
  };
  const running = loop();

  return {
    wake: waker.wake,
    settled: async () => {
      const { rows } = await database.query<{ last: bigint | null }>(`select max(id) as last from ${subgraph}.outbox`);
      const last = rows[0]?.last ?? null;
      while (last !== null && !stopped) {
        const left = await database.query(`select 1 from ${subgraph}.outbox where id <= $1 limit 1`, [last]);
        if (left.rowCount === 0) return;
        waker.wake();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    stop: async () => {
      stopped = true;
      waker.wake();
      await running;
    },
  };
}

async function moveBatch(database: Database, subgraph: SubgraphName, eventLog: EventLog): Promise<number> {
  const { rows } = await database.query<{ id: bigint; topic: Topic; event: MeshEvent }>(
    `select id, topic, event from ${subgraph}.outbox order by id limit ${BATCH}`,
  );
  const byTopic = new Map<Topic, MeshEvent[]>();
  for (const { topic, event } of rows) {
    const events = byTopic.get(topic);
    if (events) events.push(event);
    else byTopic.set(topic, [event]);
  }
  for (const [topic, events] of byTopic) {
    const messaging = { operation: 'send', topic, system: eventLog.system } as const;
    await withBatchSpan(messaging, events, () => eventLog.append(topic, events));
  }
  if (rows.length > 0)
    await database.query(`delete from ${subgraph}.outbox where id = any($1::bigint[])`, [rows.map(({ id }) => id)]);
  return rows.length;
}
