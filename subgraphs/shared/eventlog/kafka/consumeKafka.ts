import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { Topic } from '../../names.js';
import { retryPauseMs } from '../../pause.js';
import { createDelivery, type DeadLetter, type Delivery } from '../createDelivery.js';
import type { EventConsumer, EventHandler } from '../EventLog.js';
import { toEvent } from './kafkaRecord.js';
import type { KafkaLink } from './openKafkaLink.js';
import { createRecentIds, type RecentIds } from './recentIds.js';

interface Options {
  readonly kafka: Kafka;
  readonly link: KafkaLink;
  readonly group: string;
  readonly topic: Topic;
  readonly groupName: string;
  readonly topicName: string;
  readonly handle: EventHandler;
  readonly putAside: (letter: DeadLetter) => Promise<void>;
  readonly log: Logger;
}

const BATCH = 500;
const REMEMBERED_IDS = 5_000;
/** A member that was cut off is waited for this long before its partitions go to others, or to itself when it joins again. */
const SESSION_TIMEOUT_MS = 8_000;
const HEARTBEAT_MS = 2_000;
/** `stop` waits for a request under way. */
const WAIT_MS = 250;
const POLL_MS = 25;

/**
 * A member of a consumer group on one topic: Kafka spreads the partitions over the members. Offsets are committed after the handler, so
 * a crash or a rebalance between the two repeats a batch. A topic has a group of its own, so that one that fails holds up no other.
 */
export async function consumeKafka(options: Options): Promise<EventConsumer> {
  const { kafka, link, groupName, topicName, log } = options;
  const stopping = new AbortController();
  const admin = kafka.admin();
  // Kept when a member is replaced: what it has handled but could not commit comes again.
  const memory: Memory = { deliveries: new Map(), recent: createRecentIds(REMEMBERED_IDS) };
  const first = await start(options, memory, stopping.signal);

  const running = (async () => {
    let member = first;
    for (let failures = 0; ;) {
      await member.crashed;
      await member.stop();
      // A member that broke is replaced by a new one until there is one that runs.
      for (;;) {
        if (stopping.signal.aborted) return;
        failures++;
        await delay(retryPauseMs(failures), undefined, { signal: stopping.signal }).catch(() => undefined);
        if (stopping.signal.aborted) return;
        try {
          member = await start(options, memory, stopping.signal);
          failures = 0;
          break;
        } catch (error) {
          log.warn({ group: groupName, err: error, failures }, 'Kafka could not be joined and is tried again');
        }
      }
    }
  })();

  return {
    settled: async () => {
      const { next, oldest } = await link.bounds(topicName);
      const isSettled = (offsets: ReadonlyMap<number, number>): boolean =>
        next.every((end, partition) => end === oldest[partition] || (offsets.get(partition) ?? -1) >= end);
      // A group's coordinator may be moving, or only just being made: then it is asked again.
      while (!stopping.signal.aborted && !isSettled(await readCommitted(admin, groupName, topicName).catch(() => new Map())))
        await delay(POLL_MS);
    },
    stop: async () => {
      stopping.abort();
      await running;
      await admin.disconnect();
    },
  };
}

async function readCommitted(admin: Admin, groupId: string, topic: string): Promise<ReadonlyMap<number, number>> {
  await admin.connect();
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return new Map(committed!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
}

interface Memory {
  /** One for each partition. */
  readonly deliveries: Map<number, Delivery>;
  /** Ids of events that were handled lately. */
  readonly recent: RecentIds;
}

interface Member {
  /** Resolves when it runs no more, by itself or because it is to stop. */
  readonly crashed: Promise<void>;
  stop(): Promise<void>;
}

async function start(options: Options, memory: Memory, signal: AbortSignal): Promise<Member> {
  const { kafka, groupName, topicName, log } = options;
  const consumer = kafka.consumer({
    groupId: groupName,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: WAIT_MS,
    allowAutoTopicCreation: false,
    // Restarting is left to the loop above, which also does it after errors that kafkajs holds for final.
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3, restartOnFailure: async () => false },
  });
  let settle: () => void = () => undefined;
  const crashed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    log.warn({ group: groupName, err: payload.error }, 'a consumer lost Kafka and joins again');
    settle();
  });
  signal.addEventListener('abort', settle, { once: true });
  const stop = async (): Promise<void> => {
    signal.removeEventListener('abort', settle);
    await consumer.stop().catch(() => undefined);
    await consumer.disconnect().catch(() => undefined);
  };
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topicName], fromBeginning: true });
    await run(consumer, options, memory, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { crashed, stop };
}

async function run(consumer: Consumer, options: Options, { deliveries, recent }: Memory, signal: AbortSignal): Promise<void> {
  await consumer.run({
    eachBatchAutoResolve: false,
    eachBatch: async (payload) => {
      const { partition } = payload.batch;
      const delivery = deliveries.get(partition) ?? createDelivery({ ...options, system: 'kafka' });
      deliveries.set(partition, delivery);
      await deliver(payload, delivery, recent, options, signal);
    },
  });
}

/** Works through what kafkajs has fetched of one partition. Rejects when the group is rebalancing; the offsets so far are committed. */
async function deliver(
  { batch, resolveOffset, heartbeat, commitOffsetsIfNecessary, uncommittedOffsets, isRunning, isStale }: EachBatchPayload,
  delivery: Delivery,
  recent: RecentIds,
  { group, topic, log }: Options,
  signal: AbortSignal,
): Promise<void> {
  const events = batch.messages.map((message) => {
    const event = toEvent(message);
    if (!event)
      log.error({ topic, offset: message.offset, partition: batch.partition }, 'a message is no event and is passed over');
    return event;
  });
  let failures = 0;
  for (let from = 0; from < events.length && isRunning() && !isStale() && !signal.aborted;) {
    const chunk = events.slice(from, from + BATCH);
    const fresh = chunk.filter((event) => event !== null).filter(({ id }) => !recent.has(id));
    let done = 0;
    try {
      done = fresh.length === 0 ? 0 : await withHeartbeat(heartbeat, () => delivery.attempt(fresh));
      failures = 0;
    } catch (error) {
      failures++;
      log.warn({ group, topic, err: error, failures }, 'events could not be handled and are tried again');
      await withHeartbeat(heartbeat, () => delay(retryPauseMs(failures), undefined, { signal }).catch(() => undefined));
      await heartbeat();
      continue;
    }
    for (const { id } of fresh.slice(0, done)) recent.add(id);
    from += done === fresh.length ? chunk.length : chunk.indexOf(fresh[done]!);
    resolveOffset(batch.messages[from - 1]!.offset);
    await commitOffsetsIfNecessary(uncommittedOffsets());
    await heartbeat();
  }
}

/** Keeps the member in its group while the work takes long. A rebalance is noticed by the next heartbeat after it. */
async function withHeartbeat<T>(heartbeat: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => void heartbeat().catch(() => undefined), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
