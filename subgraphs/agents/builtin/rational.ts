/** An exact fraction; the denominator is above zero and shares no factor with the numerator. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

/** Beyond this many digits a sum is refused: it would only cost time. */
const MAX_DIGITS = 2_000;
const LIMIT = 10n ** BigInt(MAX_DIGITS);

/** Throws a RangeError for a zero denominator and for numbers of over 2,000 digits. */
export function rational(n: bigint, d = 1n): Rational {
  if (d === 0n) throw new RangeError('a division by zero has no result');
  const sign = d < 0n ? -1n : 1n;
  const factor = gcd(n < 0n ? -n : n, d < 0n ? -d : d);
  const result = { n: (sign * n) / factor, d: (sign * d) / factor };
  if (result.n > LIMIT || result.n < -LIMIT || result.d > LIMIT) throw new RangeError(`a number has over ${MAX_DIGITS} digits`);
  return result;
}

/** Reads `12`, `0.5` or `.5`. */
export function parseRational(text: string): Rational {
  const [whole = '', fraction = ''] = text.split('.');
  if (whole.length + fraction.length > MAX_DIGITS) throw new RangeError(`a number has over ${MAX_DIGITS} digits`);
  return rational(BigInt(whole + fraction || '0'), 10n ** BigInt(fraction.length));
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
