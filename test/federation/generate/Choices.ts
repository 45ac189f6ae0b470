import fc, { type GeneratorValue } from 'fast-check';

/** Every choice that a generator makes. Small numbers are the simple choices. */
export interface Choices {
  /** 0 … n - 1 */
  below(n: number): number;
  /** From … to, both included. */
  between(from: number, to: number): number;
  chance(percent: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Each of `from` with a chance, in their order; at least `least` of them. */
  some<T>(from: readonly T[], percent: number, least?: number): T[];
}

export function choicesOf(generate: GeneratorValue): Choices {
  const below = (n: number): number => (n <= 1 ? 0 : generate(unbiased, n));
  const choices: Choices = {
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (percent) => below(100) >= 100 - percent,
    pick: (from) => {
      if (from.length === 0) throw new Error('nothing to choose from');
      return from[below(from.length)]!;
    },
    some: (from, percent, least = 0) => {
      const taken = new Set(from.filter(() => choices.chance(percent)));
      const left = from.filter((each) => !taken.has(each));
      while (taken.size < least && left.length > 0) taken.add(left.splice(below(left.length), 1)[0]!);
      return from.filter((each) => taken.has(each));
    },
  };
  return choices;
}

/** fast-check prefers small numbers at first; every choice here is as good as another. */
function unbiased(n: number): fc.Arbitrary<number> {
  return fc.noBias(fc.nat(n - 1));
}
