import type { Topic } from '../../names.js';
import { decodeCursor, encodeCursor, eventGap } from '../cursor.js';
import type { EventReader, LoggedEvent } from '../EventLog.js';
import { pullReader, type PulledReader } from '../pullReader.js';
import type { CatchUp } from './createCatchUp.js';
import type { EventRing, RingEntry } from './eventRing.js';
import type { Followed } from './followTopics.js';
import { furthest, hasReached, type Positions } from './positions.js';
import { createRecentIds } from './recentIds.js';

interface Options {
  readonly topic: Topic;
  readonly epoch: string;
  readonly start: Positions;
  readonly followed: Followed;
  readonly catchUp: CatchUp;
  onStop(): void;
}

const REMEMBERED_IDS = 2_000;

/**
 * Reads from the ring of recent events that all readers of this process share, or, from further back than the ring reaches, from the
 * broker until the ring covers it. A reader that is too slow for the ring goes back to the broker; it never skips anything in silence.
 */
export function openKafkaReader({ topic, epoch, start, followed, catchUp, onStop }: Options): EventReader {
  const recent = createRecentIds(REMEMBERED_IDS);
  let batch: RingEntry[] = [];
  let positions: Positions = start;
  let done: Positions = start;
  let ring: EventRing | undefined;
  let number = 0;
  let stopped = false;
  let wake: () => void = () => undefined;
  const watch = (): void => wake();
  followed.watchers.add(watch);

  const give = ({ partition, offset, event }: RingEntry): LoggedEvent | null => {
    if (offset < (positions[partition] ?? 0)) return null;
    positions = advanced(positions, partition, offset + 1);
    if (!recent.add(event.id)) return null;
    return { event, cursor: encodeCursor({ topic, epoch, offsets: positions }) };
  };
  /** From the ring when it reaches back far enough. Undefined: nothing there just now. */
  const fromRing = (current: EventRing): LoggedEvent | undefined => {
    if (ring !== current) number = current.first();
    ring = current;
    while (number < current.next()) {
      const logged = give(current.at(number++));
      if (logged) return logged;
    }
    positions = furthest(positions, current.positions());
    return undefined;
  };
  const take = async (): Promise<LoggedEvent | undefined> => {
    while (!stopped) {
      for (let entry = batch.shift(); entry; entry = batch.shift()) {
        const logged = give(entry);
        if (logged) return logged;
      }
      const current = followed.ring();
      if (current.epoch !== epoch) throw eventGap(topic, positions, current.positions());
      const isInRing = ring === current && number >= current.first();
      if (isInRing || current.covers(positions)) {
        if (!isInRing) ring = undefined;
        const logged = fromRing(current);
        if (logged) return logged;
        done = positions;
        reader.look();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else {
        ring = undefined;
        const read = await catchUp(topic, epoch, positions);
        batch = read.entries;
        if (batch.length === 0) positions = furthest(positions, read.positions);
      }
    }
    return undefined;
  };

  const reader: PulledReader = pullReader({
    take,
    done: () => void (done = positions),
    hasReached: (cursor) => hasReached(done, decodeCursor(cursor, topic).offsets),
    stop: async () => {
      stopped = true;
      followed.watchers.delete(watch);
      wake();
      onStop();
    },
  });
  return reader;
}

function advanced(positions: Positions, partition: number, next: number): number[] {
  const result = furthest(positions, []);
  while (result.length <= partition) result.push(0);
  result[partition] = next;
  return result;
}
