import type { KafkaRecord } from './kafkaRecord.js';

/** One order for several partitions: each partition's own, and between them the earlier sent first. */
export function mergeByTime(partitions: readonly (readonly KafkaRecord[])[]): KafkaRecord[] {
  const queues = partitions.filter((records) => records.length > 0).map((records) => ({ records, at: 0 }));
  const merged: KafkaRecord[] = [];
  for (;;) {
    let earliest: (typeof queues)[number] | undefined;
    for (const queue of queues) {
      const record = queue.records[queue.at];
      if (record && (!earliest || record.timestamp < earliest.records[earliest.at]!.timestamp)) earliest = queue;
    }
    if (!earliest) return merged;
    merged.push(earliest.records[earliest.at++]!);
  }
}
