/**
 * A DDSketch (Masson, Rim, Lee: "DDSketch", VLDB 2019): how durations are distributed, in little space and mergeable. Any quantile it
 * tells is within 1 % of an exact one. Buckets grow by the factor γ, so that the middle of one is within 1 % of whatever fell into it.
 *
 * Plain and immutable data that is its own JSON. It keeps no single duration, nor the smallest or the largest.
 */
export interface DurationSketch {
  /** Durations too short to matter, below a nanosecond. */
  readonly zeros: number;
  /** Pairs of index and count, by ascending index; bucket i counts durations over γ^(i-1) and up to γ^i milliseconds. */
  readonly buckets: readonly (readonly [index: number, count: number])[];
}

export const RELATIVE_ERROR = 0.01;
/**
 * Buckets that a sketch has at most. Beyond, the lowest are counted in the lowest that stays: what is told of high quantiles remains
 * within 1 %. 1,024 span a factor of 700 million, from a microsecond to twelve minutes, say.
 */
export const MAX_BUCKETS = 1_024;

const LOG_GAMMA = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR));
/** From a bucket's upper end to the point that is equally far, in relation, from both of its ends. */
const LOG_MIDDLE = Math.log(1 - RELATIVE_ERROR);
const SMALLEST_MS = 1e-6;

export const EMPTY_SKETCH: DurationSketch = { zeros: 0, buckets: [] };

/** Milliseconds. Throws a RangeError for a duration that is negative or not finite. */
export function sketchOf(durationsMs: Iterable<number>): DurationSketch {
  const counts = new Map<number, number>();
  let zeros = 0;
  for (const ms of durationsMs) {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`${ms} ms is not a duration`);
    if (ms < SMALLEST_MS) zeros++;
    else add(counts, Math.ceil(Math.log(ms) / LOG_GAMMA), 1);
  }
  return bounded(zeros, counts);
}

/** The sketch of everything that is in any of them, whatever their order. */
export function mergeSketches(sketches: Iterable<DurationSketch>): DurationSketch {
  const counts = new Map<number, number>();
  let zeros = 0;
  for (const sketch of sketches) {
    zeros += sketch.zeros;
    for (const [index, count] of sketch.buckets) add(counts, index, count);
  }
  return bounded(zeros, counts);
}

export function countOf({ zeros, buckets }: DurationSketch): number {
  return buckets.reduce((sum, [, count]) => sum + count, zeros);
}

/** The duration at position ⌊q·(n−1)⌋ of the sorted ones, in milliseconds, within 1 %. Null: there are none. `q` is 0 to 1. */
export function quantile(sketch: DurationSketch, q: number): number | null {
  const count = countOf(sketch);
  if (count === 0) return null;
  const rank = Math.floor(q * (count - 1));
  let seen = sketch.zeros;
  if (rank < seen) return 0;
  for (const [index, inBucket] of sketch.buckets) {
    seen += inBucket;
    if (rank < seen) return middleOf(index);
  }
  return middleOf(sketch.buckets.at(-1)![0]);
}

/** γ^i would overflow a little before what is in the bucket does. */
function middleOf(index: number): number {
  return Math.min(Number.MAX_VALUE, Math.exp(index * LOG_GAMMA + LOG_MIDDLE));
}

function add(counts: Map<number, number>, index: number, count: number): void {
  counts.set(index, (counts.get(index) ?? 0) + count);
}

function bounded(zeros: number, counts: ReadonlyMap<number, number>): DurationSketch {
  const buckets = [...counts].sort(([a], [b]) => a - b);
  const excess = buckets.length - MAX_BUCKETS;
  if (excess <= 0) return { zeros, buckets };
  const collapsed = buckets.slice(0, excess + 1);
  const lowest = collapsed.at(-1)![0];
  return { zeros, buckets: [[lowest, collapsed.reduce((sum, [, count]) => sum + count, 0)], ...buckets.slice(excess + 1)] };
}
