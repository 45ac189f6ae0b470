import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import pino from 'pino';
import { TOPICS } from '../../subgraphs/shared/names.js';
import { toEvent } from '../../subgraphs/shared/eventlog/kafka/kafkaRecord.js';
import { openKafkaEventLog, type KafkaEventLogOptions } from '../../subgraphs/shared/eventlog/kafkaEventLog.js';
import type { OpenedLog } from '../shared/contracts/eventLogContract.js';

/** The test Kafka with topics of its own. */
export interface KafkaSpace {
  readonly brokers: readonly string[];
  readonly prefix: string;
  readonly kafka: Kafka;
  drop(): Promise<void>;
}

export function createKafkaSpace(): KafkaSpace {
  const given = process.env['TEST_KAFKA_BROKERS'];
  if (!given) throw new Error('TEST_KAFKA_BROKERS is not set: eval "$(deploy/local/services.sh up)" starts Kafka and sets it');
  const brokers = given.split(',');
  const prefix = `test-${randomBytes(6).toString('hex')}.`;
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  return {
    brokers,
    prefix,
    kafka,
    drop: async () => {
      const admin = kafka.admin();
      await admin.connect();
      const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
      await admin.deleteTopics({ topics });
      await admin.disconnect();
    },
  };
}

/** Another process on the same topics, as far as the log can tell. */
export function openLogIn({ brokers, prefix }: KafkaSpace, options: Partial<KafkaEventLogOptions> = {}) {
  return openKafkaEventLog({ brokers, prefix, tls: false, sasl: null, log: pino({ level: 'silent' }), ...options });
}

export async function openKafkaLog(): Promise<OpenedLog> {
  const space = createKafkaSpace();
  const eventLog = await openLogIn(space);
  return {
    eventLog,
    expire: () => deleteAll(space, 'mesh.routing'),
    deadLetters: () => readDeadLetters(space),
    close: async () => {
      await eventLog.close();
      await space.drop();
    },
  };
}

/** What the retention does, at once. */
export async function deleteAll({ kafka, prefix }: KafkaSpace, topic: (typeof TOPICS)[number]): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(`${prefix}${topic}`);
  await admin.deleteTopicRecords({
    topic: `${prefix}${topic}`,
    partitions: offsets.map(({ partition, high }) => ({ partition, offset: high })),
  });
  await admin.disconnect();
}

export async function readDeadLetters({ kafka, prefix }: KafkaSpace): ReturnType<OpenedLog['deadLetters']> {
  const topic = `${prefix}mesh.dead-letters`;
  const admin = kafka.admin();
  await admin.connect();
  const [end] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const letters: Awaited<ReturnType<OpenedLog['deadLetters']>> = [];
  const count = Number(end!.high);
  if (count === 0) return letters;
  const consumer = kafka.consumer({ groupId: `${prefix}reader-${randomBytes(4).toString('hex')}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        const text = (name: string): string => String(message.headers?.[name]);
        letters.push({ group: text('group'), topic: text('topic'), event: toEvent(message)!, error: text('error') });
        if (letters.length === count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return letters;
}
