import type { Logger } from 'pino';
import { TOPICS } from '../names.js';
import { decodeCursor, encodeCursor, eventGap } from './cursor.js';
import type { DeadLetter } from './createDelivery.js';
import type { EventLog } from './EventLog.js';
import { boundsAround, isWithin } from './kafka/bounds.js';
import { connectKafka, type KafkaSettings } from './kafka/connectKafka.js';
import { consumeKafka } from './kafka/consumeKafka.js';
import { createAppender } from './kafka/createAppender.js';
import { createCatchUp } from './kafka/createCatchUp.js';
import { ensureTopics } from './kafka/ensureTopics.js';
import { followTopics } from './kafka/followTopics.js';
import { toMessage } from './kafka/kafkaRecord.js';
import { openKafkaLink, unreachable } from './kafka/openKafkaLink.js';
import { openKafkaReader } from './kafka/openKafkaReader.js';

export interface KafkaEventLogOptions extends KafkaSettings {
  readonly log: Logger;
  /** Of topics that are made here. */
  readonly partitions?: number;
  readonly retentionDays?: number;
  /** Recent events kept in memory for readers, a topic. For tests. */
  readonly ringEntries?: number;
}

const DAY_MS = 86_400_000;
const PARTITIONS = 6;
const RETENTION_DAYS = 7;
/** Longer than events: somebody has to look at them. */
const DEAD_LETTER_DAYS = 30;

/**
 * An event log in Kafka (2.8 or later). Subjects are spread over partitions by their hash; a cursor holds a position in each.
 * Rejects with EVENT_LOG_UNREACHABLE when no broker answers; later outages are waited for by whoever reads or consumes.
 *
 * Readers of a process share one stream from each broker and the recent events in memory; only who comes from further back reads by
 * itself. Repeats of an event id are left out by appending, reading and consuming, each within the bounds of its memory.
 */
export async function openKafkaEventLog(options: KafkaEventLogOptions): Promise<EventLog> {
  const { log, prefix, partitions = PARTITIONS, retentionDays = RETENTION_DAYS, ringEntries } = options;
  const nameOf = (topic: string): string => `${prefix}${topic}`;
  const deadLetters = nameOf('mesh.dead-letters');
  const names = TOPICS.map(nameOf);
  const kafka = connectKafka(options, log);
  await ensureTopics(kafka, [
    ...names.map((name) => ({ name, partitions, retentionMs: retentionDays * DAY_MS })),
    { name: deadLetters, partitions: 1, retentionMs: DEAD_LETTER_DAYS * DAY_MS },
  ]).catch((cause: unknown) => {
    throw unreachable(cause);
  });
  const link = openKafkaLink(kafka, names);
  const follower = followTopics({
    link: openKafkaLink(kafka, names),
    nameOf,
    log,
    ...(ringEntries !== undefined && { ringEntries }),
  });
  const catchUp = createCatchUp(link, nameOf);
  const appender = createAppender(kafka, link, nameOf);
  const open = new Set<{ stop(): Promise<void> }>();

  const putAside = ({ group, topic, event, error }: DeadLetter): Promise<void> => {
    const message = toMessage(event);
    return appender.produce(deadLetters, [{ ...message, headers: { ...message.headers, group, topic, error } }]);
  };

  return {
    system: 'kafka',
    append: appender.append,

    head: async (topic) => {
      const { epoch, next } = await link.bounds(nameOf(topic));
      return encodeCursor({ topic, epoch, offsets: next });
    },

    read: async (topic, from) => {
      const cursor = from === 'head' ? null : decodeCursor(from, topic);
      const followed = await follower.follow(topic);
      const name = nameOf(topic);
      const bounds = cursor ? await boundsAround(link, name, cursor.epoch, cursor.offsets) : await link.bounds(name);
      const { epoch, offsets } = cursor ?? { epoch: bounds.epoch, offsets: bounds.next };
      if (!isWithin(epoch, offsets, bounds)) throw eventGap(topic, offsets, bounds.oldest);
      const reader = openKafkaReader({ topic, epoch, start: offsets, followed, catchUp, onStop: () => open.delete(reader) });
      open.add(reader);
      return reader;
    },

    consume: async (group, topics, handle) => {
      const joining = await Promise.allSettled(
        topics.map((topic) =>
          consumeKafka({
            kafka,
            link,
            group,
            topic,
            groupName: nameOf(`mesh.${group}.${topic}`),
            topicName: nameOf(topic),
            handle,
            putAside,
            log,
          }),
        ),
      );
      const members = joining.flatMap((joined) => (joined.status === 'fulfilled' ? [joined.value] : []));
      const failed = joining.find((joined) => joined.status === 'rejected');
      if (failed) {
        await Promise.all(members.map((member) => member.stop()));
        throw unreachable(failed.reason);
      }
      const consumer = {
        settled: async () => {
          await Promise.all(members.map((member) => member.settled()));
        },
        stop: async () => {
          open.delete(consumer);
          await Promise.all(members.map((member) => member.stop()));
        },
      };
      open.add(consumer);
      return consumer;
    },

    close: async () => {
      await Promise.all([...open].map((each) => each.stop()));
      await follower.close();
      await appender.close();
      await link.close();
    },
  };
}
