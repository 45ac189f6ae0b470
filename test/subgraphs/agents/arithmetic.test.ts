import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doArithmetic } from '../../../subgraphs/agents/builtin/doArithmetic.js';
import { CannotAnswer } from '../../../subgraphs/agents/builtin/LocalAnswer.js';
import { evaluateExpression, NotAnExpression } from '../../../subgraphs/agents/builtin/evaluateExpression.js';
import { formatRational } from '../../../subgraphs/agents/builtin/rational.js';
import { wordsToExpression } from '../../../subgraphs/agents/builtin/wordsToExpression.js';

const inSymbols = (text: string): string => formatRational(evaluateExpression(text));
const inWords = (text: string): string => inSymbols(wordsToExpression(text));

describe('arithmetic in symbols', () => {
  it.each([
    ['12 * (7 + 3)', '120'],
    ['1 + 2 * 3 - 4', '3'],
    ['2 ^ 3 ^ 2', '512'],
    ['-2 ^ 2', '-4'],
    ['2 ^ -2', '0.25'],
    ['0.1 + 0.2', '0.3'],
    ['10 / 4', '2.5'],
    ['1 / 3', '1/3 ≈ 0.333333333333'],
    ['-2 / 3', '-2/3 ≈ -0.666666666667'],
    ['-7 % 3', '2'],
    ['9007199254740993 * 3', '27021597764222979'],
    ['--5', '5'],
  ])('%s is %s', (text, result) => {
    expect(inSymbols(text)).toBe(result);
  });

  it.each(['', '1 +', '(1', '1 2', 'one plus one', '1 + x', '2 ** 3'])('refuses "%s"', (text) => {
    expect(() => evaluateExpression(text)).toThrow(NotAnExpression);
  });

  it.each([
    ['1 / 0', /by zero/],
    ['9 ^ 99999', /digits/],
    ['2 ^ 0.5', /whole exponents/],
  ])('says why %s has no result', (text, why) => {
    expect(() => evaluateExpression(text)).toThrow(why);
  });

  it('stays within its bounds on hostile input', () => {
    expect(() => evaluateExpression('('.repeat(100_000))).toThrow(NotAnExpression);
    expect(() => evaluateExpression('9^9^9^9^9')).toThrow(RangeError);
    expect(() => evaluateExpression(`${'1+'.repeat(5_000)}1`)).toThrow(NotAnExpression);
  });

  it('agrees with JavaScript on whole numbers', () => {
    const tree = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.nat(50).map(String),
        fc.tuple(tie('node'), fc.constantFrom('+', '-', '*'), tie('node')).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
        fc.tuple(tie('node'), fc.constantFrom('+', '-'), fc.nat(9)).map(([a, operator, b]) => `${a} ${operator} ${b}`),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (text) => {
        const expected = new Function(`return ${text.replace(/\d+/g, '$&n')}`)() as bigint;
        expect(inSymbols(text)).toBe(String(expected));
      }),
    );
  });
});

describe('arithmetic in words', () => {
  it.each([
    ['What is twelve times seven plus three?', '87'],
    ['half of ninety', '45'],
    ['fifteen percent of 240', '36'],
    ['15% of 240', '36'],
    ['The square of 12', '144'],
    ['what is the sum of 3, 4 and 5?', '12'],
    ['product of two, three and four', '24'],
    ['three hundred and forty-two minus 19', '323'],
    ['2.5 million divided by 4', '625000'],
    ['one million two hundred thousand and five', '1200005'],
    ['How much is 1,250 plus 50?', '1300'],
    ['the difference between 10 and 4', '6'],
    ['twice twenty-one', '42'],
    ['two to the power of ten', '1024'],
    ['nine squared minus one', '80'],
    ['a third of ninety-nine', '33'],
    ['12 x 12', '144'],
    ['calculate 7 * (8 - 2)', '42'],
  ])('%s is %s', (text, result) => {
    expect(inWords(text)).toBe(result);
  });

  it.each(['What is love?', 'twelve bananas', 'four two', 'the sum of nothing'])('refuses "%s"', (text) => {
    expect(() => inWords(text)).toThrow(NotAnExpression);
  });

  it('reads back every number that it is told in words', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), (value) => {
        expect(inWords(toWords(value))).toBe(String(value));
      }),
    );
  });
});

describe('a prompt that is made to take long', () => {
  it.each(['small', 'large'] as const)('is refused unread by the %s variant', (variant) => {
    for (const prompt of ['1'.repeat(99_999) + 'x', '?'.repeat(99_999) + 'x'])
      expect(() => doArithmetic(prompt, variant)).toThrow(CannotAnswer);
  });
});

const ONES =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

function toWords(value: number): string {
  if (value < 20) return ONES[value]!;
  if (value < 100) return TENS[Math.floor(value / 10) - 2]! + (value % 10 ? `-${ONES[value % 10]}` : '');
  if (value < 1_000) return `${ONES[Math.floor(value / 100)]} hundred${value % 100 ? ` and ${toWords(value % 100)}` : ''}`;
  const [size, name] = value < 1_000_000 ? [1_000, 'thousand'] : [1_000_000, 'million'];
  return `${toWords(Math.floor(value / size))} ${name}${value % size ? ` ${toWords(value % size)}` : ''}`;
}
