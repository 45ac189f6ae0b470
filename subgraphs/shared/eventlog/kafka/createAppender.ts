import { Partitioners, type Kafka, type Message, type Producer } from 'kafkajs';
import type { MeshEvent } from '../../events.js';
import type { Topic } from '../../names.js';
import { toMessage } from './kafkaRecord.js';
import { readRecords } from './createCatchUp.js';
import { unreachable, type KafkaLink } from './openKafkaLink.js';
import { createRecentIds, type RecentIds } from './recentIds.js';

/**
 * Appends to topics, leaving out what is there already.
 *
 * What is guaranteed. Every acknowledged append is on all in-sync replicas, in order for each subject. An id is not appended twice
 * - by one process, among its last 50,000 ids of the topic;
 * - by several, when it is among the newest 5,000 events of its partition: before each append, what others have appended since the last
 *   one is read for its ids. So a relay that repeats the batch of one that crashed between append and delete adds nothing.
 * What is not: a produce request that a dying process has sent may still be on its way when the next one looks, and then both are there.
 * Kafka could exclude that by transactions only, which fence producers but leave markers in the log and hold back every reader until
 * they end. Readers and consumers leave out repeats near one another, and consumers are idempotent by event id in any case.
 */
export interface Appender {
  append(topic: Topic, events: readonly MeshEvent[]): Promise<void>;
  /** Sends as it is, for what is no topic of events. */
  produce(name: string, messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}

interface Known {
  readonly epoch: string;
  /** Up to where the ids of each partition are in `ids`. */
  readonly readTo: number[];
  readonly ids: RecentIds;
}

const REMEMBERED_IDS = 50_000;
const LOOK_BACK = 5_000;
const LOOK_BYTES = 4 * 1024 * 1024;
/** Of values in one request; a batch of 500 policies would be larger than a broker takes. */
const REQUEST_BYTES = 256 * 1024;

export function createAppender(kafka: Kafka, link: KafkaLink, nameOf: (topic: Topic) => string): Appender {
  const known = new Map<Topic, Known>();
  const turns = new Map<Topic, Promise<unknown>>();
  let producer: Promise<Producer> | undefined;

  const connect = async (): Promise<Producer> => {
    const fresh = kafka.producer({
      idempotent: true,
      // More than one request under way would let kafkajs mix up sequence numbers when one of them is repeated.
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await fresh.connect();
    return fresh;
  };
  const discard = async (broken: Promise<Producer> | undefined): Promise<void> => {
    if (producer === broken) producer = undefined;
    await broken?.then((each) => each.disconnect()).catch(() => undefined);
  };
  const produce: Appender['produce'] = async (name, messages) => {
    const current = (producer ??= connect());
    try {
      await (await current).send({ topic: name, messages: [...messages], acks: -1 });
    } catch (cause) {
      // The broker may have taken the request whose answer was lost, under a sequence number that this producer would use again for
      // other events: those would be taken for a repeat and dropped. A new producer has a new id, and numbers of its own.
      await discard(current);
      throw unreachable(cause);
    }
  };

  const look = async (topic: Topic): Promise<Known> => {
    const name = nameOf(topic);
    const bounds = await link.bounds(name);
    let held = known.get(topic);
    if (held?.epoch !== bounds.epoch) held = { epoch: bounds.epoch, readTo: [], ids: createRecentIds(REMEMBERED_IDS) };
    known.set(topic, held);
    const { readTo, ids } = held;
    bounds.next.forEach((next, partition) => {
      readTo[partition] = Math.max(readTo[partition] ?? 0, bounds.oldest[partition]!, next - LOOK_BACK);
    });
    while (bounds.next.some((next, partition) => readTo[partition]! < next)) {
      const records = await readRecords(link, { topic, name, epoch: bounds.epoch, from: readTo, maxBytes: LOOK_BYTES });
      for (const { partition, offset, event } of records) {
        if (event) ids.add(event.id);
        readTo[partition] = offset + 1;
      }
    }
    return held;
  };
  const append = async (topic: Topic, events: readonly MeshEvent[]): Promise<void> => {
    const { ids } = await look(topic);
    const inBatch = new Set<string>();
    const fresh = events.filter(({ id }) => !ids.has(id) && !inBatch.has(id) && inBatch.add(id));
    for (const messages of requestsOf(fresh)) await produce(nameOf(topic), messages);
    for (const { id } of fresh) ids.add(id);
  };

  return {
    produce,
    append: async (topic, events) => {
      if (events.length === 0) return;
      // In turn: two appends at once could each miss what the other adds, and mix the order of one subject.
      const turn = (turns.get(topic) ?? Promise.resolve()).then(() => append(topic, events));
      turns.set(
        topic,
        turn.catch(() => undefined),
      );
      await turn;
    },
    close: async () => {
      await Promise.all(turns.values());
      await discard(producer);
    },
  };
}

function requestsOf(events: readonly MeshEvent[]): Message[][] {
  const requests: Message[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    const message = toMessage(event);
    const size = Buffer.byteLength(message.value as string);
    if (bytes + size > REQUEST_BYTES) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1)!.push(message);
    bytes += size;
  }
  return requests;
}
