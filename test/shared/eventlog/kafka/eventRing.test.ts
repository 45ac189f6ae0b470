import { describe, expect, it } from 'vitest';
import { createEventRing } from '../../../../subgraphs/shared/eventlog/kafka/eventRing.js';
import type { KafkaRecord } from '../../../../subgraphs/shared/eventlog/kafka/kafkaRecord.js';
import { mergeByTime } from '../../../../subgraphs/shared/eventlog/kafka/mergeByTime.js';
import type { MeshEvent } from '../../../../subgraphs/shared/events.js';

function record(partition: number, offset: number, id: string | null = `${partition}.${offset}`, timestamp = 0): KafkaRecord {
  return { partition, offset, timestamp, bytes: 100, event: id === null ? null : ({ id } as MeshEvent) };
}

function idsIn(ring: ReturnType<typeof createEventRing>): string[] {
  const ids: string[] = [];
  for (let number = ring.first(); number < ring.next(); number++) ids.push(ring.at(number).event.id);
  return ids;
}

describe('an event ring', () => {
  it('covers what came after it began, and no longer what it had to drop', () => {
    const ring = createEventRing({ epoch: 'e', start: [5, 7], maxEntries: 2 });
    expect(ring.covers([5, 7])).toBe(true);
    expect(ring.covers([4, 7])).toBe(false);
    for (const each of [record(0, 5), record(1, 7), record(0, 6)]) ring.push(each);
    expect(idsIn(ring)).toEqual(['1.7', '0.6']);
    expect(ring.covers([5, 7])).toBe(false);
    expect(ring.covers([6, 7])).toBe(true);
    expect(ring.positions()).toEqual([7, 8]);
  });

  it('is bounded in bytes as well, and holds nothing rather than too much', () => {
    const ring = createEventRing({ epoch: 'e', start: [0], maxBytes: 250 });
    for (const offset of [0, 1, 2]) ring.push(record(0, offset));
    expect(idsIn(ring)).toEqual(['0.1', '0.2']);
    ring.push({ ...record(0, 3), bytes: 1_000 });
    expect(idsIn(ring)).toEqual([]);
    expect(ring.covers([3])).toBe(false);
    expect(ring.covers([4])).toBe(true);
  });

  it('takes nothing in twice when answers overlap, and leaves repeated ids and foreign messages out', () => {
    const ring = createEventRing({ epoch: 'e', start: [0, 0] });
    for (const each of [record(0, 0, 'a'), record(0, 0, 'a'), record(1, 0, 'a'), record(1, 1, null), record(0, 1, 'b')])
      ring.push(each);
    expect(idsIn(ring)).toEqual(['a', 'b']);
    expect(ring.positions()).toEqual([2, 2]);
  });

  it('takes in partitions that were added later, from their beginning', () => {
    const ring = createEventRing({ epoch: 'e', start: [3] });
    ring.push(record(1, 0));
    expect(idsIn(ring)).toEqual(['1.0']);
    expect(ring.covers([3])).toBe(true);
    expect(ring.positions()).toEqual([3, 1]);
  });
});

describe('mergeByTime', () => {
  it('keeps the order of each partition and puts earlier ones first', () => {
    const one = [record(0, 0, 'a', 10), record(0, 1, 'b', 5), record(0, 2, 'c', 30)];
    const other = [record(1, 0, 'd', 7), record(1, 1, 'e', 20)];
    expect(mergeByTime([one, [], other]).map(({ event }) => event!.id)).toEqual(['d', 'a', 'b', 'e', 'c']);
  });
});
