import type { IHeaders, Kafka } from 'kafkajs';
import { MeshError } from '../../errors.js';
import { readTopicId } from './readTopicId.js';

/** What kafkajs decodes of one message. */
export interface FetchedMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly value: Buffer | null;
  readonly headers?: IHeaders | undefined;
  readonly isControlRecord?: boolean;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly FetchedMessage[];
}

export interface WantedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Where a topic begins and ends now. Offsets are those of the next event: a partition that holds nothing has `oldest` = `next`. */
export interface TopicBounds {
  /** The id that the broker gave the topic; another one when it was deleted and made anew. */
  readonly epoch: string;
  readonly oldest: readonly number[];
  readonly next: readonly number[];
}

/**
 * Connections to the brokers for reading partitions at offsets of our choice, outside any consumer group.
 *
 * kafkajs' public API reads by groups only: every reader would join one of its own, wait for the coordinator, seek after it was
 * assigned, and leave a group behind. The requests below are its own, one layer down; the version is pinned.
 * A failed call throws the connections away, and the next one makes new ones. Rejects with EVENT_LOG_UNREACHABLE.
 */
export interface KafkaLink {
  bounds(topic: string): Promise<TopicBounds>;
  /** Which broker (node id) leads which partitions. */
  leaders(topic: string): Promise<ReadonlyMap<string, readonly number[]>>;
  /** Asks one broker; waits up to `waitMs` for something to come. At most `maxBytes`, but always one message where there is one. */
  fetch(
    nodeId: string,
    wanted: readonly WantedPartition[],
    limits: { waitMs: number; maxBytes: number },
  ): Promise<FetchedPartition[]>;
  close(): Promise<void>;
}

/** The part of kafkajs' inner objects that is used. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[];
  findBroker(options: { nodeId: string }): Promise<Broker>;
}

interface Broker {
  listOffsets(request: object): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>;
  fetch(request: object): Promise<{
    responses: { topicName: string; partitions: { partition: number; messages: FetchedMessage[] }[] }[];
  }>;
  readonly connectionPool: ConnectionPool;
}

/** Connections to one broker: number 0 for everything but fetches, which use number 1, since they may wait. */
interface ConnectionPool {
  send(request: object): Promise<unknown>;
  getConnection(index: number): Promise<unknown>;
}

const FETCHES = 1;
const METADATA_MAX_AGE_MS = 30_000;
const LATEST = -1;
const EARLIEST = -2;
const READ_COMMITTED = 1;

export function openKafkaLink(kafka: Kafka, topics: readonly string[]): KafkaLink {
  let connected: Promise<Cluster> | undefined;
  let closed = false;
  // Left alone, kafkajs opens a socket for each of several first fetches, and forgets all but one of them.
  const opened = new WeakMap<ConnectionPool, Promise<unknown>>();
  const openForFetches = (pool: ConnectionPool): Promise<unknown> => {
    const opening = opened.get(pool) ?? pool.getConnection(FETCHES);
    opened.set(pool, opening);
    return opening;
  };

  const connect = async (): Promise<Cluster> => {
    const cluster = createCluster(kafka);
    try {
      await cluster.connect();
      await cluster.addMultipleTargetTopics(topics);
      return cluster;
    } catch (error) {
      await cluster.disconnect().catch(() => undefined);
      throw error;
    }
  };
  const discard = async (broken: Promise<Cluster> | undefined): Promise<void> => {
    if (connected === broken) connected = undefined;
    await broken?.then((cluster) => cluster.disconnect()).catch(() => undefined);
  };
  const use = async <T>(work: (cluster: Cluster) => Promise<T>): Promise<T> => {
    if (closed) throw new MeshError('EVENT_LOG_UNREACHABLE', 'The event log is closed.');
    const current = (connected ??= connect());
    try {
      const cluster = await current;
      await cluster.refreshMetadataIfNecessary();
      return await work(cluster);
    } catch (cause) {
      await discard(current);
      throw unreachable(cause);
    }
  };

  const bounds = (topic: string): Promise<TopicBounds> =>
    use(async (cluster) => {
      const leaders = leadersOf(cluster, topic);
      const oldest: number[] = [];
      const next: number[] = [];
      let epoch = '';
      await Promise.all(
        [...leaders].map(async ([nodeId, partitions]) => {
          const broker = await cluster.findBroker({ nodeId });
          const [ofTopic] = await Promise.all([
            readTopicId(broker.connectionPool, topic),
            listOffsets(broker, topic, partitions, EARLIEST, oldest),
            listOffsets(broker, topic, partitions, LATEST, next),
          ]);
          epoch = ofTopic;
        }),
      );
      return { epoch, oldest, next };
    });

  const sharedBounds = new Map(topics.map((topic) => [topic, shareNext(() => bounds(topic))]));
  return {
    bounds: (topic) => sharedBounds.get(topic)!(),
    leaders: (topic) => use(async (cluster) => leadersOf(cluster, topic)),
    fetch: (nodeId, wanted, { waitMs, maxBytes }) =>
      use(async (cluster) => {
        const broker = await cluster.findBroker({ nodeId });
        await openForFetches(broker.connectionPool);
        const { responses } = await broker.fetch({
          isolationLevel: READ_COMMITTED,
          maxWaitTime: waitMs,
          minBytes: 1,
          maxBytes,
          topics: byTopic(wanted, Math.ceil(maxBytes / Math.max(1, wanted.length))),
        });
        const from = new Map(wanted.map(({ topic, partition, offset }) => [`${topic} ${partition}`, offset]));
        return responses.flatMap(({ topicName: topic, partitions }) =>
          partitions.map(({ partition, messages }) => ({
            topic,
            partition,
            // A broker answers with whole batches, which may begin before the offset that was asked for.
            messages: messages.filter(
              ({ offset, isControlRecord }) => !isControlRecord && Number(offset) >= from.get(`${topic} ${partition}`)!,
            ),
          })),
        );
      }),
    close: async () => {
      closed = true;
      await discard(connected);
    },
  };
}

/** Calls that come while one is under way share the one after it, so that no answer is older than the call. */
function shareNext<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let following: Promise<T> | undefined;
  const start = (): Promise<T> => {
    const mine = run().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (!running) return start();
    following ??= running
      .catch(() => undefined)
      .then(() => {
        following = undefined;
        return start();
      });
    return following;
  };
}

/** `kafka` makes a cluster for each of its producers and consumers by a method that only a symbol names. */
function createCluster(kafka: Kafka): Cluster {
  const name = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  ) as unknown as keyof Kafka;
  const create = kafka[name] as unknown as (options: object) => Cluster;
  return create({ allowAutoTopicCreation: false, metadataMaxAge: METADATA_MAX_AGE_MS });
}

function leadersOf(cluster: Cluster, topic: string): Map<string, number[]> {
  const leaders = new Map<string, number[]>();
  for (const { partitionId, leader } of cluster.findTopicPartitionMetadata(topic)) {
    if (leader < 0) throw new Error(`partition ${partitionId} of ${topic} has no leader`);
    leaders.set(String(leader), [...(leaders.get(String(leader)) ?? []), partitionId]);
  }
  if (leaders.size === 0) throw new Error(`there is no topic ${topic}`);
  return leaders;
}

async function listOffsets(
  broker: Broker,
  topic: string,
  partitions: readonly number[],
  timestamp: number,
  into: number[],
): Promise<void> {
  const { responses } = await broker.listOffsets({
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions: partitions.map((partition) => ({ partition, timestamp })) }],
  });
  for (const { partition, offset } of responses[0]!.partitions) into[partition] = Number(offset);
}

function byTopic(wanted: readonly WantedPartition[], maxBytes: number) {
  const topics = new Map<string, { partition: number; fetchOffset: number; maxBytes: number }[]>();
  for (const { topic, partition, offset } of wanted) {
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    partitions.push({ partition, fetchOffset: offset, maxBytes });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

export function unreachable(cause: unknown): MeshError {
  if (cause instanceof MeshError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MeshError('EVENT_LOG_UNREACHABLE', `Kafka does not answer: ${why}. Check KAFKA_BROKERS and the brokers.`, { cause });
}
