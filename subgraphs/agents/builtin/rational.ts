/** An exact fraction; the denominator is above zero and shares no factor with the numerator. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

/**
 * Beyond this many digits a sum is refused: it would only cost time. With a thousand, the worst text of 4,000 characters that is
 * known takes 0.15 s; with two thousand it took 1 s.
 */
const MAX_DIGITS = 1_000;
const LIMIT = 10n ** BigInt(MAX_DIGITS);

/** Throws a RangeError for a zero denominator and for numbers of over 1,000 digits. */
export function rational(n: bigint, d = 1n): Rational {
  if (d === 0n) throw new RangeError('a division by zero has no result');
  const sign = d < 0n ? -1n : 1n;
  const factor = gcd(n < 0n ? -n : n, d < 0n ? -d : d);
  const result = { n: (sign * n) / factor, d: (sign * d) / factor };
  if (result.n > LIMIT || result.n < -LIMIT || result.d > LIMIT) throw new RangeError(`a number has over ${MAX_DIGITS} digits`);
  return result;
}

/** Reads `12`, `1,250`, `0.5`, `.5` or `1e3`. */
export function parseRational(text: string): Rational {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().replaceAll(',', '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = Number(exponent) - fraction.length;
  if (whole.length + fraction.length > MAX_DIGITS || Math.abs(shift) > MAX_DIGITS)
    throw new RangeError(`a number has over ${MAX_DIGITS} digits`);
  const digits = BigInt(whole + fraction || '0');
  return shift < 0 ? rational(digits, 10n ** BigInt(-shift)) : rational(digits * 10n ** BigInt(shift));
}

export const add = (a: Rational, b: Rational): Rational => rational(a.n * b.d + b.n * a.d, a.d * b.d);
export const subtract = (a: Rational, b: Rational): Rational => rational(a.n * b.d - b.n * a.d, a.d * b.d);
export const multiply = (a: Rational, b: Rational): Rational => rational(a.n * b.n, a.d * b.d);
export const divide = (a: Rational, b: Rational): Rational => rational(a.n * b.d, a.d * b.n);

/** The remainder that has the sign of the divisor, as in mathematics: -7 mod 3 is 2. */
export function modulo(a: Rational, b: Rational): Rational {
  const quotient = divide(a, b);
  const floor = quotient.n / quotient.d - (quotient.n % quotient.d < 0n ? 1n : 0n);
  return subtract(a, multiply(b, rational(floor)));
}

/** The factorials so far: each is worked out once, however many a text asks for. */
const factorials = [1n];

/** Throws a RangeError for what is not a whole number from zero on, and where the result has over 1,000 digits (from 450! on). */
export function factorial({ n, d }: Rational): Rational {
  if (d !== 1n || n < 0n) throw new RangeError('only whole numbers from zero on have a factorial');
  while (n >= factorials.length) {
    const next = factorials.at(-1)! * BigInt(factorials.length);
    if (next > LIMIT) throw new RangeError(`a number has over ${MAX_DIGITS} digits`);
    factorials.push(next);
  }
  return rational(factorials[Number(n)]!);
}

/** The square root (degree 2) or cube root (3) where it is a fraction; otherwise a RangeError, since a rounded one is not exact. */
export function root(degree: 2n | 3n, { n, d }: Rational): Rational {
  if (n < 0n && degree === 2n) throw new RangeError('a negative number has no square root');
  const size = n < 0n ? -n : n;
  const above = wholeRoot(degree, size);
  const below = wholeRoot(degree, d);
  if (above ** degree !== size || below ** degree !== d)
    throw new RangeError(`this ${degree === 2n ? 'square' : 'cube'} root is not a fraction, and only exact results are given`);
  return rational(n < 0n ? -above : above, below);
}

/** The largest whole number whose power is not above `value`, by Newton's method from above. */
function wholeRoot(degree: bigint, value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << (BigInt(value.toString(2).length) / degree + 1n);
  for (;;) {
    const better = ((degree - 1n) * guess + value / guess ** (degree - 1n)) / degree;
    if (better >= guess) return guess;
    guess = better;
  }
}

/** Whole exponents only; a root is seldom exact. */
export function power(base: Rational, exponent: Rational): Rational {
  if (exponent.d !== 1n) throw new RangeError('only whole exponents are exact');
  const size = exponent.n < 0n ? -exponent.n : exponent.n;
  const digits = BigInt(Math.max(base.n.toString().length, base.d.toString().length) - 1);
  if (size > 10_000n || digits * size > BigInt(MAX_DIGITS)) throw new RangeError(`a number has over ${MAX_DIGITS} digits`);
  const raised = rational(base.n ** size, base.d ** size);
  return exponent.n < 0n ? rational(raised.d, raised.n) : raised;
}

const SHOWN_DIGITS = 12;

/** A decimal where it ends; otherwise the exact fraction with its value to twelve places: `1/3 ≈ 0.333333333333`. */
export function formatRational({ n, d }: Rational): string {
  const places = decimalPlaces(d);
  if (places !== undefined) return decimal(n * (10n ** BigInt(places) / d), places);
  const scaled = n * 10n ** BigInt(SHOWN_DIGITS);
  const rounded = (2n * scaled + (n < 0n ? -d : d)) / (2n * d);
  return `${n}/${d} ≈ ${decimal(rounded, SHOWN_DIGITS)}`;
}

/** How many places a decimal needs for this denominator; undefined: it never ends (or not within the limit). */
function decimalPlaces(d: bigint): number | undefined {
  let twos = 0;
  let fives = 0;
  let rest = d;
  for (; rest % 2n === 0n; rest /= 2n) twos++;
  for (; rest % 5n === 0n; rest /= 5n) fives++;
  return rest === 1n ? Math.max(twos, fives) : undefined;
}

function decimal(scaled: bigint, places: number): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${whole}${fraction && `.${fraction}`}`;
}

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? 1n : a;
}
