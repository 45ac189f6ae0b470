import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { betaProbability, betaQuantile } from '../../../subgraphs/evaluations/betaQuantile.js';
import { PRIOR, toQuality, updatePosterior, type Finding, type Posterior } from '../../../subgraphs/evaluations/posterior.js';

const DAY_MS = 86_400_000;
const START: Posterior = { ...PRIOR, atMs: 0 };

/** A finding with the task that it is about. */
type Told = Finding & { readonly task: string };

/** What is believed once all of it was told, in this order. */
function believe(told: readonly Told[]): Posterior {
  const byTask = new Map<string, Finding[]>();
  return told.reduce((posterior, { task, ...finding }) => {
    const earlier = byTask.get(task) ?? [];
    byTask.set(task, [...earlier, finding]);
    return updatePosterior(posterior, finding, earlier);
  }, START);
}

const told = (task: string, metric: string, passed: boolean, atMs = 0): Told => ({
  task,
  metric,
  passed,
  score: passed ? 1 : 0,
  atMs,
});

describe('one task is one sample', () => {
  it.each<[string, Told[], { alpha: number; beta: number; samples: number }]>([
    ['an answer alone is a success', [told('t', 'completion', true)], { alpha: 2, beta: 1, samples: 1 }],
    [
      'a correct answer adds nothing more',
      [told('t', 'completion', true), told('t', 'numeric', true)],
      { alpha: 2, beta: 1, samples: 1 },
    ],
    [
      'a wrong answer is a failure, not a success and a failure',
      [told('t', 'completion', true), told('t', 'numeric', false)],
      { alpha: 1, beta: 2, samples: 1 },
    ],
    ['whichever comes first', [told('t', 'numeric', false), told('t', 'completion', true)], { alpha: 1, beta: 2, samples: 1 }],
    [
      'one evaluator of several that finds it wrong makes it wrong',
      [told('t', 'schema', true), told('t', 'judge', false), told('t', 'regex', true)],
      { alpha: 1, beta: 2, samples: 1 },
    ],
    [
      'who knows overrules the evaluators',
      [told('t', 'correct', true), told('t', 'judge', false), told('t', 'completion', true)],
      { alpha: 2, beta: 1, samples: 1 },
    ],
    [
      'other metrics say nothing of success',
      [told('t', 'completion', true), told('t', 'politeness', false)],
      { alpha: 2, beta: 1, samples: 1 },
    ],
    [
      'two tasks are two samples',
      [told('t', 'completion', true), told('u', 'completion', true), told('u', 'exact_match', false)],
      { alpha: 2, beta: 2, samples: 2 },
    ],
  ])('%s', (_, findings, expected) => {
    expect(believe(findings)).toMatchObject(expected);
  });

  it('believes the same in whatever order the findings come', () => {
    const finding = fc.record({
      task: fc.constantFrom('a', 'b', 'c', 'd'),
      metric: fc.constantFrom('completion', 'numeric', 'exact_match', 'regex', 'schema', 'judge', 'correct', 'goal', 'other'),
      passed: fc.boolean(),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
      atMs: fc.integer({ min: 0, max: 60 * DAY_MS }),
    });
    const orders = fc
      .array(finding, { maxLength: 20 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })));
    fc.assert(
      fc.property(orders, ([one, other]) => {
        const [a, b] = [believe(one), believe(other)];
        const now = 100 * DAY_MS;
        expect(a.samples).toBe(b.samples);
        expect(a.samples).toBe(
          new Set(one.filter(({ metric }) => !['goal', 'other'].includes(metric)).map(({ task }) => task)).size,
        );
        const [p, q] = [toQuality([a], now), toQuality([b], now)];
        for (const name of ['successRate', 'lowerBound', 'upperBound', 'goalAchievement'] as const)
          expect(p?.[name] ?? -1).toBeCloseTo(q?.[name] ?? -1, 9);
      }),
    );
  });

  it('lets an old finding count as little as if it had come in time', () => {
    const inTime = believe([told('a', 'completion', true, 0), told('b', 'completion', true, 14 * DAY_MS)]);
    const late = believe([told('b', 'completion', true, 14 * DAY_MS), told('a', 'completion', true, 0)]);
    expect(inTime.alpha).toBeCloseTo(2.25, 12);
    expect(late.alpha).toBeCloseTo(2.25, 12);
  });
});

describe('the interval', () => {
  /** P(X ≤ x) of Beta(a, b) for whole a and b, as the chance of at least a successes in a + b − 1 trials. */
  const byBinomial = (x: number, a: number, b: number): number => {
    const n = a + b - 1;
    let term = (1 - x) ** n;
    let below = 0;
    for (let k = 0; k < a; k++) {
      below += term;
      term = (term * (n - k) * x) / ((k + 1) * (1 - x));
    }
    return 1 - below;
  };

  it.each([
    [1, 1, 0.025, 0.975],
    [2, 1, Math.sqrt(0.025), Math.sqrt(0.975)],
    [1, 5, 1 - 0.975 ** 0.2, 1 - 0.025 ** 0.2],
    [30.5, 1, 0.025 ** (1 / 30.5), 0.975 ** (1 / 30.5)],
  ])('of Beta(%d, %d) is what the closed form says', (alpha, beta, lower, upper) => {
    expect(betaQuantile(0.025, alpha, beta)).toBeCloseTo(lower, 11);
    expect(betaQuantile(0.975, alpha, beta)).toBeCloseTo(upper, 11);
  });

  it('is where the binomial distribution puts it', () => {
    const whole = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(whole, whole, fc.constantFrom(0.025, 0.5, 0.975), (a, b, p) => {
        expect(byBinomial(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, 9);
      }),
    );
  });

  it('is where the area under the density puts it, for shapes that are no whole numbers', () => {
    const area = (x: number, a: number, b: number): number => {
      const density = (t: number): number => t ** (a - 1) * (1 - t) ** (b - 1);
      const simpson = (from: number, to: number, steps: number): number => {
        const h = (to - from) / steps;
        let sum = density(from) + density(to);
        for (let i = 1; i < steps; i++) sum += density(from + i * h) * (i % 2 === 0 ? 2 : 4);
        return (sum * h) / 3;
      };
      return simpson(0, x, 4_000) / (simpson(0, x, 4_000) + simpson(x, 1, 4_000));
    };
    for (const [a, b] of [
      [3.7, 4.2],
      [12.25, 5.5],
      [8.01, 60.3],
    ] as const)
      for (const p of [0.025, 0.975]) expect(area(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, 7);
  });

  it('stays within 0 and 1 and around the mean, also for very many samples', () => {
    for (const [a, b] of [
      [1, 1e5],
      [1e5, 1],
      [5e4, 5e4],
      [1.0001, 1.0001],
    ] as const) {
      const [lower, upper] = [betaQuantile(0.025, a, b), betaQuantile(0.975, a, b)];
      expect(lower).toBeGreaterThanOrEqual(0);
      expect(lower).toBeLessThan(upper);
      expect(upper).toBeLessThanOrEqual(1);
      expect(betaProbability(upper, a, b) - betaProbability(lower, a, b)).toBeCloseTo(0.95, 8);
    }
  });
});
