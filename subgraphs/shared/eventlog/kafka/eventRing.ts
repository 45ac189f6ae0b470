import { createRecentIds } from './recentIds.js';
import type { KafkaRecord } from './kafkaRecord.js';
import type { Positions } from './positions.js';
import type { MeshEvent } from '../../events.js';

export interface RingEntry {
  readonly partition: number;
  readonly offset: number;
  readonly event: MeshEvent;
  readonly bytes: number;
}

/**
 * The newest events of a topic in memory, in the order in which this process got them, for any number of readers. Entries are numbered;
 * a reader keeps the number of its next one and sees by `first` when it has fallen behind. An event whose id came lately is left out.
 */
export interface EventRing {
  readonly epoch: string;
  /** Number of the oldest entry that is still here, and of the one that comes next. */
  first(): number;
  next(): number;
  at(number: number): RingEntry;
  /** After everything that was taken in, what was left out included. */
  positions(): Positions;
  /** Whether everything after `positions` is here or still to come. */
  covers(positions: Positions): boolean;
  push(record: KafkaRecord): void;
}

const MAX_ENTRIES = 5_000;
/** Of the events' data. */
const MAX_BYTES = 16 * 1024 * 1024;
const REMEMBERED_IDS = 20_000;

export function createEventRing({
  epoch,
  start,
  maxEntries = MAX_ENTRIES,
  maxBytes = MAX_BYTES,
}: {
  epoch: string;
  start: Positions;
  maxEntries?: number;
  maxBytes?: number;
}): EventRing {
  const entries = new Map<number, RingEntry>();
  const recent = createRecentIds(REMEMBERED_IDS);
  const oldest = [...start];
  const positions = [...start];
  let first = 0;
  let next = 0;
  let held = 0;

  return {
    epoch,
    first: () => first,
    next: () => next,
    at: (number) => entries.get(number)!,
    positions: () => positions,
    covers: (wanted) => oldest.every((offset, partition) => (wanted[partition] ?? 0) >= offset),
    push: ({ partition, offset, bytes, event }) => {
      // Two answers may overlap when a partition changes its leader.
      if (offset < (positions[partition] ?? 0)) return;
      positions[partition] = offset + 1;
      oldest[partition] ??= 0;
      if (!event || !recent.add(event.id)) return;
      entries.set(next++, { partition, offset, event, bytes });
      held += bytes;
      while (entries.size > maxEntries || held > maxBytes) {
        const dropped = entries.get(first)!;
        entries.delete(first++);
        held -= dropped.bytes;
        oldest[dropped.partition] = dropped.offset + 1;
      }
    },
  };
}
