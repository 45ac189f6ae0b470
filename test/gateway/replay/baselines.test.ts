import { describe, expect, it } from 'vitest';
import { baselines, byPrice } from '../../../gateway/replay/baselines.js';
import { grade } from '../../../gateway/replay/grade.js';
import { pricesOf } from '../../../gateway/replay/prices.js';
import type { Recording } from '../../../gateway/replay/recordings.js';
import { formatUsd } from '../../../subgraphs/shared/money.js';

/** `a` costs 1 USD and `b` 10 USD per million tokens, in and out. */
const PRICES = pricesOf(['a', 'b'], ['a=1/1', 'b=10/10']);

/** 4 tokens in, 8 out. */
function judged(a: boolean, b: boolean): Recording {
  const answers = new Map([
    ['a', { text: null, correct: a }],
    ['b', { text: null, correct: b }],
  ]);
  return { id: 'r', taskClass: 'c', prompt: 'sixteen letters.', gold: null, answers };
}

describe('baselines of a replay', () => {
  const recordings = [judged(true, true), judged(false, true), judged(false, false), judged(true, false)];

  it('orders models by what they cost', () => {
    expect(byPrice(recordings, PRICES)).toEqual(['a', 'b']);
  });

  it('works out what always, random and oracle would have got and paid', () => {
    const told = baselines(recordings, PRICES, 0.25).map(({ name, accuracy, cost, strongShare }) => [
      name,
      accuracy,
      formatUsd(cost),
      strongShare,
    ]);
    expect(told).toEqual([
      ['always b', 0.5, '0.00048', 1],
      ['always a', 0.5, '0.000048', 0],
      ['random, dearest as often', 0.5, '0.000156', 0.25],
      // b for the second prompt only: where nobody is right the cheapest is.
      ['oracle', 0.75, '0.000156', 0.25],
    ]);
  });

  it('never guesses a price', () => {
    expect(() => pricesOf(['unheard-of'], [])).toThrow('The price of unheard-of is not known');
    expect(() => pricesOf(['a'], ['a=1/0.0000001'])).toThrow('write model=input/output');
    expect(() => pricesOf(['a'], ['a'])).toThrow('write model=input/output');
  });
});

describe('grading', () => {
  it.each<[string, string, boolean]>([
    ['She has 3 and then 4, so 18 in all.', '18', true],
    ['so that is $70,000.', '70000', true],
    ['#### 12\nwhich is 5 more', '12', true],
    ['It is -3.50', '-3.5', true],
    ['no number at all', '7', false],
    ['It is 17', '18', false],
    ['1,2,3', '3', true],
  ])('%s against %s: %s', (text, gold, right) => {
    const answers = new Map([['m', { text, correct: !right }]]);
    expect(grade({ id: 'r', taskClass: 'c', prompt: 'p', gold, answers }, 'm')).toBe(right);
  });

  it('believes the recording where there is no gold answer or no text', () => {
    const answers = new Map([['m', { text: 'whatever', correct: true }]]);
    expect(grade({ id: 'r', taskClass: 'c', prompt: 'p', gold: null, answers }, 'm')).toBe(true);
    expect(grade({ id: 'r', taskClass: 'c', prompt: 'p', gold: null, answers }, 'another')).toBeUndefined();
  });
});
