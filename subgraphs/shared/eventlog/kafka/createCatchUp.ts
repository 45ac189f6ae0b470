import type { Topic } from '../../names.js';
import { eventGap } from '../cursor.js';
import { boundsAround, isWithin } from './bounds.js';
import type { RingEntry } from './eventRing.js';
import { toRecord, type KafkaRecord } from './kafkaRecord.js';
import { mergeByTime } from './mergeByTime.js';
import type { KafkaLink } from './openKafkaLink.js';
import type { Positions } from './positions.js';

/**
 * Reads one batch from the given positions on, at once. Rejects with EVENT_GAP when what comes next is gone, or of another epoch.
 * `positions`: after the whole batch, what is left out included.
 */
export type CatchUp = (topic: Topic, epoch: string, from: Positions) => Promise<{ entries: RingEntry[]; positions: Positions }>;

/** What one reader holds at most, or a single event where that is larger. */
const MAX_BYTES = 256 * 1024;
/** Batches that are fetched at the same time in a process; other readers wait for their turn. */
const AT_ONCE = 8;

export function createCatchUp(link: KafkaLink, nameOf: (topic: Topic) => string): CatchUp {
  const inTurn = createTurns(AT_ONCE);
  return (topic, epoch, from) =>
    inTurn(async () => {
      const records = await readRecords(link, { topic, name: nameOf(topic), epoch, from });
      const positions = [...from];
      for (const { partition, offset } of records) {
        while (positions.length <= partition) positions.push(0);
        positions[partition] = offset + 1;
      }
      return { entries: records.flatMap((record) => (record.event ? [{ ...record, event: record.event }] : [])), positions };
    });
}

/** What is there from `from` on, at most about `maxBytes`, in one order. Empty: nothing more. */
export async function readRecords(
  link: KafkaLink,
  {
    topic,
    name,
    epoch,
    from,
    maxBytes = MAX_BYTES,
  }: {
    topic: Topic;
    name: string;
    epoch: string;
    from: Positions;
    maxBytes?: number;
  },
): Promise<KafkaRecord[]> {
  const bounds = await boundsAround(link, name, epoch, from);
  if (!isWithin(epoch, from, bounds)) throw eventGap(topic, from, bounds.oldest);
  const behind = (partition: number): boolean => (from[partition] ?? 0) < bounds.next[partition]!;
  const answers = await Promise.all(
    [...(await link.leaders(name))].map(([nodeId, partitions]) => {
      const wanted = partitions.filter(behind).map((partition) => ({ topic: name, partition, offset: from[partition] ?? 0 }));
      return wanted.length === 0 ? [] : link.fetch(nodeId, wanted, { waitMs: 0, maxBytes });
    }),
  );
  return mergeByTime(answers.flat().map(({ partition, messages }) => messages.map((message) => toRecord(partition, message))));
}

function createTurns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const following = waiting.shift();
      if (following) following();
      else free++;
    }
  };
}
