/** A decimal, exactly: units / 10^scale. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

export interface FoundNumber extends Decimal {
  /** As it stands in the text. */
  readonly text: string;
}

/**
 * A sign (a hyphen after a word or a digit is none), a currency as a sign or three capitals, and digits that are no part of a word
 * (m2, CO2): plain, or with thousands kept apart by commas, apostrophes, underscores or single spaces; then a fraction. Nothing in it
 * repeats without a bound before something that may fail, so that a long text takes no longer than its length.
 */
const NUMBER = new RegExp(
  [
    String.raw`(?:(?<![\p{L}\d)\]])(?<sign>[-+−]))?`,
    String.raw`(?:(?:\p{Sc}|(?<!\p{L})[A-Z]{3})[ ]?(?<inner>[-−])?)?`,
    String.raw`(?:(?<![\p{L}\d])|(?<=(?<!\p{L})[A-Z]{3}))`,
    String.raw`(?:(?<whole>\d{1,3}(?<by>[,'’_ \u00a0\u2009\u202f])\d{3}(?:\k<by>\d{3}){0,20}(?!\d)|\d+)`,
    String.raw`(?<fraction>\.\d+)?(?<exponent>[eE][-+]?\d{1,3}(?![\p{L}\d]))?|(?<bare>\.\d+))`,
  ].join(''),
  'gu',
);
/** A decimal comma (3,5 or 1.234,56: no group of three follows it) or thousands kept apart by points (1.234.567). */
const CONTINENTAL = /^(?:\d{1,3}(?:\.\d{3}){1,20},\d{1,20}|\d{1,20},(?:\d{1,2}|\d{4,20})|\d{1,3}(?:\.\d{3}){2,20})(?![\d,])/u;
const MAX_CHARACTERS = 100_000;

/** The last number of a text, whatever currency or unit it has. Only the end of a very long text is read. Undefined: there is none. */
export function lastNumber(given: string): FoundNumber | undefined {
  const text = given.slice(-MAX_CHARACTERS).normalize('NFC');
  let found: FoundNumber | undefined;
  let doneTo = 0;
  for (const match of text.matchAll(NUMBER)) {
    const { sign = '', inner = '', whole = '', fraction = '', exponent = '', bare = '' } = match.groups!;
    const start = match.index + match[0].length - whole.length - fraction.length - exponent.length - bare.length;
    // What the comma of a decimal parts would be taken for two numbers, and its second half for the last of all.
    if (start < doneTo) continue;
    const inList = /\d,$/u.test(text.slice(Math.max(0, start - 2), start));
    const continental = inList ? undefined : CONTINENTAL.exec(text.slice(start, start + 100))?.[0];
    if (continental !== undefined) doneTo = start + continental.length;
    const digits =
      continental === undefined
        ? `${whole.replace(/\D/gu, '') || '0'}${fraction}${bare}${exponent}`
        : continental.replaceAll('.', '').replace(',', '.');
    const negative = sign === '-' || sign === '−' || inner !== '';
    const written = `${negative ? '-' : ''}${digits}`;
    const decimal = parseDecimal(written);
    if (decimal) found = { ...decimal, text: written };
  }
  return found;
}

const PLAIN = /^(-?)(\d{1,200})(?:\.(\d{1,200}))?(?:[eE]([-+]?\d{1,3}))?$/;

/** Reads a plain decimal, with an exponent at most of three digits. Undefined: it is none. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = PLAIN.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const units = BigInt(whole + fraction) * (sign ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** How far two decimals are apart. */
export function distance(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  const difference = a.units * 10n ** BigInt(scale - a.scale) - b.units * 10n ** BigInt(scale - b.scale);
  return { units: difference < 0n ? -difference : difference, scale };
}
