import type { Random } from './seededRandom.js';

const BURST_FACTOR = 4;
const CALM_MS = [15_000, 45_000] as const;
const BURST_MS = [3_000, 8_000] as const;

/**
 * Milliseconds from one arrival to the next: independent ones, `rate` in a second, and now and then for some seconds four times as many.
 * Time is counted by what was handed out, so the same chance gives the same arrivals.
 */
export function createArrivals(random: Random, rate: number): () => number {
  const between = ([min, max]: readonly [number, number]): number => min + random() * (max - min);
  let bursting = false;
  let left = between(CALM_MS);
  return () => {
    if (left <= 0) {
      bursting = !bursting;
      left = between(bursting ? BURST_MS : CALM_MS);
    }
    const gap = (-Math.log(1 - random()) * 1000) / (bursting ? rate * BURST_FACTOR : rate);
    left -= gap;
    return gap;
  };
}
