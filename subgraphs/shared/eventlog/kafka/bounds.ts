import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaLink, TopicBounds } from './openKafkaLink.js';
import type { Positions } from './positions.js';

const TRIES = 10;
const PAUSE_MS = 100;

/**
 * Where the topic begins and ends. A broker that has just become the leader of a partition may for a moment report an end before what
 * was already read; it is asked again, up to a second, before that is taken for a log that lost its end.
 */
export async function boundsAround(link: KafkaLink, name: string, epoch: string, positions: Positions): Promise<TopicBounds> {
  for (let tries = 1; ; tries++) {
    const bounds = await link.bounds(name);
    const isBehind = bounds.next.some((next, partition) => (positions[partition] ?? 0) > next);
    if (!isBehind || bounds.epoch !== epoch || tries === TRIES) return bounds;
    await delay(PAUSE_MS);
  }
}

/** Whether everything after `positions` is still there, in the same life of the topic. */
export function isWithin(epoch: string, positions: Positions, bounds: TopicBounds): boolean {
  return (
    epoch === bounds.epoch &&
    positions.length <= bounds.oldest.length &&
    bounds.oldest.every((oldest, partition) => {
      const position = positions[partition] ?? 0;
      return position >= oldest && position <= bounds.next[partition]!;
    })
  );
}
