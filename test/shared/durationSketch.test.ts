import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countOf,
  EMPTY_SKETCH,
  MAX_BUCKETS,
  mergeSketches,
  quantile,
  RELATIVE_ERROR,
  sketchOf,
  type DurationSketch,
} from '../../subgraphs/shared/durationSketch.js';

/** From below what counts to the largest number there is. */
const duration = fc.oneof(
  fc.integer({ min: 0, max: 120_000 }),
  fc.double({ min: 0, max: 10_000, noNaN: true }),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, Number.MIN_VALUE, 1e-6, Number.MAX_VALUE),
);
const durations = fc.array(duration, { maxLength: 300 });
const sketch = durations.map((list) => sketchOf(list));
/** The sketches of these span more buckets than one may have. */
const wide = fc
  .tuple(fc.array(fc.integer({ min: -600, max: 35_000 }), { minLength: MAX_BUCKETS * 2, maxLength: MAX_BUCKETS * 2 }))
  .map(([exponents]) => exponents.map((exponent) => Math.min(Number.MAX_VALUE, 1.0202 ** exponent)));

function exactly(list: readonly number[], q: number): number {
  return list.toSorted((a, b) => a - b)[Math.floor(q * (list.length - 1))]!;
}

describe('a sketch of durations', () => {
  it('tells every quantile within 1 % of the exact one', () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        const exact = exactly(list, q);
        const told = quantile(sketchOf(list), q)!;
        if (exact < 1e-6) expect(told).toBe(0);
        else expect(Math.abs(told / exact - 1)).toBeLessThanOrEqual(RELATIVE_ERROR + 1e-9);
      }),
      { numRuns: 1_000 },
    );
  });

  it('merged is the sketch of everything that went into its parts', () => {
    fc.assert(
      fc.property(durations, durations, (one, other) => {
        expect(mergeSketches([sketchOf(one), sketchOf(other)])).toEqual(sketchOf([...one, ...other]));
      }),
    );
  });

  it('merges in any order and grouping to the same, and with nothing to itself', () => {
    fc.assert(
      fc.property(sketch, sketch, sketch, (a, b, c) => {
        const all = mergeSketches([a, b, c]);
        expect(mergeSketches([c, a, b])).toEqual(all);
        expect(mergeSketches([mergeSketches([a, b]), c])).toEqual(all);
        expect(mergeSketches([a, mergeSketches([b, c])])).toEqual(all);
        expect(mergeSketches([a, EMPTY_SKETCH])).toEqual(a);
      }),
    );
  });

  it('keeps its size, its count and its high quantiles however far the durations spread', () => {
    fc.assert(
      fc.property(wide, wide, (one, other) => {
        const list = [...one, ...other];
        const merged = mergeSketches([sketchOf(one), sketchOf(other)]);
        expect(merged).toEqual(sketchOf(list));
        expect(merged.buckets.length).toBeLessThanOrEqual(MAX_BUCKETS);
        expect(countOf(merged)).toBe(list.length);
        expect(Math.abs(quantile(merged, 0.99)! / exactly(list, 0.99) - 1)).toBeLessThanOrEqual(RELATIVE_ERROR + 1e-9);
      }),
      { numRuns: 20 },
    );
  });

  it('is its own JSON, and small', () => {
    fc.assert(
      fc.property(sketch, (each) => {
        expect(JSON.parse(JSON.stringify(each)) as DurationSketch).toEqual(each);
      }),
    );
    const second = sketchOf(Array.from({ length: 5_000 }, (_, n) => 1 + (n % 1_000)));
    expect(JSON.stringify(second).length).toBeLessThan(4_000);
  });

  it('tells nothing of nothing', () => {
    expect([quantile(EMPTY_SKETCH, 0.5), countOf(EMPTY_SKETCH)]).toEqual([null, 0]);
    expect(sketchOf([])).toEqual(EMPTY_SKETCH);
  });

  it.each([-1, Number.NaN, Infinity])('refuses %s', (ms) => {
    expect(() => sketchOf([ms])).toThrow(RangeError);
  });
});
