import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { MeshError } from '../../errors.js';

export interface TopicSettings {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
}

/** Above the 2 MB that a request may have, so that no event that was accepted can be too large for the log. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const WAIT_MS = 30_000;
const POLL_MS = 50;

/**
 * Makes the topics that are missing, with the broker's replication factor, and waits until each partition has a leader. Topics that are
 * there are left as they are. Several processes may do this at once.
 */
export async function ensureTopics(kafka: Kafka, topics: readonly TopicSettings[]): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const there = new Set(await admin.listTopics());
    for (const topic of topics) if (!there.has(topic.name)) await create(admin, topic);
    const until = Date.now() + WAIT_MS;
    while (!(await allHaveLeaders(admin, topics))) {
      if (Date.now() > until)
        throw new MeshError('EVENT_LOG_UNREACHABLE', 'Kafka has made the topics, but they have no leaders.');
      await delay(POLL_MS);
    }
  } finally {
    await admin.disconnect();
  }
}

/** One by one: for several, kafkajs reports only that one of them was there already, and waits for none. */
async function create(admin: Admin, { name, partitions, retentionMs }: TopicSettings): Promise<void> {
  await admin.createTopics({
    waitForLeaders: false,
    topics: [
      {
        topic: name,
        numPartitions: partitions,
        replicationFactor: -1,
        configEntries: [
          { name: 'retention.ms', value: String(retentionMs) },
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES) },
        ],
      },
    ],
  });
}

async function allHaveLeaders(admin: Admin, topics: readonly TopicSettings[]): Promise<boolean> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
    return metadata.topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0));
  } catch (error) {
    const { type } = error as { type?: string };
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE') return false;
    throw error;
  }
}
