import type { PicoUsd } from '../../subgraphs/shared/money.js';
import { costOf, type Pricing } from '../../subgraphs/shared/pricing.js';
import { grade } from './grade.js';
import { recordedUsage } from './recordedUsage.js';
import type { Recording } from './recordings.js';

/** How a way of choosing models does on the recordings. */
export interface Score {
  readonly name: string;
  /** Right answers among all prompts, 0 to 1. */
  readonly accuracy: number;
  readonly cost: PicoUsd;
  /** Prompts that the dearest model answered, 0 to 1. */
  readonly strongShare: number;
}

interface Sums {
  readonly accuracy: number;
  readonly cost: PicoUsd;
}

/** Models by price, cheapest first. */
export function byPrice(recordings: readonly Recording[], prices: ReadonlyMap<string, Pricing>): string[] {
  const total = new Map([...prices.keys()].map((model) => [model, always(recordings, prices, model).cost]));
  return [...prices.keys()].sort((a, b) => (total.get(a)! < total.get(b)! ? -1 : 1));
}

/**
 * What stands to compare with: the dearest model always, the cheapest always, those two at random with the dearest as often as
 * `strongShare` says (its expectation, not one draw), and an oracle that knows beforehand who will be right and takes the cheapest such.
 */
export function baselines(recordings: readonly Recording[], prices: ReadonlyMap<string, Pricing>, strongShare: number): Score[] {
  const models = byPrice(recordings, prices);
  const [weak, strong] = [models[0]!, models.at(-1)!];
  const [allWeak, allStrong] = [always(recordings, prices, weak), always(recordings, prices, strong)];
  return [
    { name: `always ${strong}`, ...allStrong, strongShare: 1 },
    { name: `always ${weak}`, ...allWeak, strongShare: models.length === 1 ? 1 : 0 },
    { name: 'random, dearest as often', ...mix(allWeak, allStrong, strongShare), strongShare },
    oracle(recordings, prices, models),
  ];
}

export function costOfAnswer(recording: Recording, prices: ReadonlyMap<string, Pricing>, model: string): PicoUsd {
  return costOf(recordedUsage(recording, recording.answers.get(model)!), prices.get(model)!);
}

function always(recordings: readonly Recording[], prices: ReadonlyMap<string, Pricing>, model: string): Sums {
  const right = recordings.filter((recording) => grade(recording, model)).length;
  const cost = recordings.reduce((sum, recording) => sum + costOfAnswer(recording, prices, model), 0n);
  return { accuracy: right / recordings.length, cost };
}

const PARTS = 1_000_000n;

function mix(weak: Sums, strong: Sums, share: number): Sums {
  const parts = BigInt(Math.round(share * Number(PARTS)));
  return {
    accuracy: weak.accuracy + share * (strong.accuracy - weak.accuracy),
    cost: weak.cost + ((strong.cost - weak.cost) * parts) / PARTS,
  };
}

function oracle(recordings: readonly Recording[], prices: ReadonlyMap<string, Pricing>, models: readonly string[]): Score {
  const strong = models.at(-1)!;
  const chosen = recordings.map((recording) => models.find((model) => grade(recording, model)) ?? models[0]!);
  const right = recordings.filter((recording, index) => grade(recording, chosen[index]!)).length;
  return {
    name: 'oracle',
    accuracy: right / recordings.length,
    cost: recordings.reduce((sum, recording, index) => sum + costOfAnswer(recording, prices, chosen[index]!), 0n),
    strongShare: chosen.filter((model) => model === strong).length / recordings.length,
  };
}
