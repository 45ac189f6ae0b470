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
    ['5!', '120'],
    ['2+3!', '8'],
    ['2 ^ 3!', '64'],
    ['-3!', '-6'],
    ['(1 + 2)!', '6'],
    ['0!', '1'],
    ['2**8', '256'],
    ['2 ** 3 ** 2', '512'],
    ['1e3 + 1', '1001'],
    ['2.5e-3 * 4', '0.01'],
    ['4(5)', '20'],
    ['2(3)(4) + 1', '25'],
    ['$5 + $3', '8'],
    ['1,250 + 50', '1300'],
    ['6×7', '42'],
    ['84 ÷ 2 − 1', '41'],
    ['3² + 4²', '25'],
    ['√144', '12'],
    ['sqrt(2.25) + cbrt(-8)', '-0.5'],
    ['sqrt(16)^2', '16'],
    ['7 mod -3', '-2'],
  ])('%s is %s', (text, result) => {
    expect(inSymbols(text)).toBe(result);
  });

  it.each([
    '',
    '1 +',
    '(1',
    '1 2',
    'one plus one',
    '1 + x',
    '1e',
    '5 !!',
    '1,25',
    '(2)3',
    '6/2(1+2)',
    '10% + 5',
    '$5 + €3',
    '5 $',
    '2 + ! 3',
  ])('refuses "%s"', (text) => {
    expect(() => evaluateExpression(text)).toThrow(NotAnExpression);
  });

  it.each([
    ['1 / 0', /by zero/],
    ['9 ^ 99999', /digits/],
    ['2 ^ 0.5', /whole exponents/],
    ['0.5!', /factorial/],
    ['(-1)!', /factorial/],
    ['450!', /digits/],
    ['1e9999', /digits/],
    ['√2', /not a fraction/],
    ['√(-4)', /no square root/],
  ])('says why %s has no result', (text, why) => {
    expect(() => evaluateExpression(text)).toThrow(why);
  });

  it('stays within its bounds on hostile input', () => {
    expect(() => evaluateExpression('('.repeat(100_000))).toThrow(NotAnExpression);
    expect(() => evaluateExpression('9^9^9^9^9')).toThrow(RangeError);
    expect(() => evaluateExpression(`${'1+'.repeat(5_000)}1`)).toThrow(NotAnExpression);
  });

  it.each([
    ['449!/448!*0+', 300],
    ['(9^1000+5)/(7^1150+2)-', 60],
    ['√(9^1000)*0+', 300],
    ['√√√√', 1_000],
    ['1e999*', 500],
    ['5!', 1_300],
    ['$', 4_000],
    ['1,', 2_000],
  ])('takes no time that anybody would notice over "%s", again and again', (part, times) => {
    const started = performance.now();
    try {
      evaluateExpression(part.repeat(times));
    } catch (error) {
      if (!(error instanceof NotAnExpression || error instanceof RangeError)) throw error;
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('takes the root of every square and of no number beside it', () => {
    fc.assert(
      fc.property(fc.bigInt(2n, 10n ** 40n), fc.bigInt(1n, 10n ** 10n), (top, below) => {
        expect(inSymbols(`√((${top}/${below})^2) - ${top}/${below}`)).toBe('0');
        expect(inSymbols(`cbrt((-${top})^3)`)).toBe(`-${top}`);
        expect(() => inSymbols(`√(${top ** 2n + 1n})`)).toThrow(/not a fraction/);
      }),
    );
  });

  it('multiplies up to every factorial', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 449 }), (n) => {
        expect(inSymbols(`${n}! / ${n - 1}!`)).toBe(String(n));
      }),
    );
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
    ['add 5 and 6', '11'],
    ['Please add 5, 6, and seven.', '18'],
    ['add the sum of 1 and 2 to 5', '8'],
    ['subtract 5 from 12', '7'],
    ['subtract 2 times 3 from 20', '14'],
    ['multiply 3 by 9', '27'],
    ['What do you get if you divide 100 by 8?', '12.5'],
    ['three point one four times two', '6.28'],
    ['zero point two five plus point five', '0.75'],
    ['two point five million divided by 4', '625000'],
    ['negative ten plus four', '-6'],
    ['5 times negative two', '-10'],
    ['square root of 144', '12'],
    ['the cube root of twenty-seven plus one', '4'],
    ['the square of the square root of 16', '16'],
    ['three quarters of 80', '60'],
    ['60 divided by three quarters of 80', '1'],
    ['two thirds plus a third', '1'],
    ['half of one third of 90', '15'],
    ['two and a half times 4', '10'],
    ['half plus half', '1'],
    ['What’s 6×7?', '42'],
    ['What is 5!', '120'],
    ['2+3!', '8'],
    ['five factorial minus the factorial of 4', '96'],
    ['1 + 1, please!', '2'],
    ['2**8', '256'],
    ['1e3 + 1', '1001'],
    ['4(5)', '20'],
    ['$5 + $3', '8'],
    ['add $5 and $3', '8'],
    ['12x12', '144'],
    ['forty - two', '38'],
    ['twelve hundred plus a thousand', '2200'],
    ['double the difference between 10 and 4', '12'],
    ['what does 5 plus 6 equal?', '11'],
    ['50% * 80', '40'],
  ])('%s is %s', (text, result) => {
    expect(inWords(text)).toBe(result);
  });

  it.each([
    'What is love?',
    'twelve bananas',
    'four two',
    'the sum of nothing',
    'two times three!',
    '200 plus 10 percent',
    '5 negative 3',
    'subtract 5',
    '4 the sum of 1 and 2',
    '3x + 1',
    '10% + 5',
    'the difference of 1, 2 and 3',
  ])('refuses "%s"', (text) => {
    expect(() => inWords(text)).toThrow(NotAnExpression);
  });

  it.each(['(', 'half of ', 'add ', ', ', 'sum of 1, ', '- ', 'x ', "'", 'a-'])(
    'refuses "%s" said again and again, at once',
    (part) => {
      const started = performance.now();
      expect(() => inWords(`sum of ${part.repeat(4_000 / part.length)}`)).toThrow(NotAnExpression);
      expect(() => inWords(part.repeat(4_000 / part.length))).toThrow(NotAnExpression);
      expect(performance.now() - started).toBeLessThan(2_000);
    },
  );

  it('reads back every decimal that it is told in words', () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.array(fc.nat(9), { minLength: 1, maxLength: 9 }), (whole, digits) => {
        const spoken = `${toWords(whole)} point ${digits.map((digit) => ONES[digit]).join(' ')}`;
        expect(inWords(`${spoken} minus ${whole}.${digits.join('')}`)).toBe('0');
      }),
    );
  });

  it('leaves an expression in symbols as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'0123456789+-*/^!()%.√²$ '.split('')), { maxLength: 12 }), (signs) => {
        const text = signs.join('');
        const attempt = (read: (text: string) => string): string => {
          try {
            return read(text);
          } catch (error) {
            if (error instanceof NotAnExpression || error instanceof RangeError) return 'refused';
            throw error;
          }
        };
        const plain = attempt(inSymbols);
        // Words know more: a percentage, and a sign at the end of a sentence. Where both answer, they agree.
        if (plain !== 'refused') expect(attempt(inWords)).toBe(plain);
      }),
      { numRuns: 2_000 },
    );
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
