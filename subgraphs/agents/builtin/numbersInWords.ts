const UNITS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const SMALL = new Map<string, number>([
  ...UNITS.map((word, value) => [word, value] as const),
  ...TENS.map((word, index) => [word, 20 + 10 * index] as const),
]);
const SCALES = new Map([
  ['thousand', 3],
  ['million', 6],
  ['billion', 9],
  ['trillion', 12],
]);

interface Read {
  readonly digits: string;
  /** The first token after the number. */
  readonly end: number;
}

/** ["three", "hundred", "and", "forty", "two"] → ["342"], ["2.5", "million"] → ["2500000"]; all other tokens stay. */
export function numbersToDigits(tokens: readonly string[]): string[] {
  const out: string[] = [];
  for (let at = 0; at < tokens.length;) {
    const number = readNumber(tokens, at);
    out.push(number?.digits ?? tokens[at]!);
    at = number?.end ?? at + 1;
  }
  return out;
}

/** Whether a hyphen between the two joins them to one number, as in "forty-two" and "two-hundred". */
export function isJoined(left: string, right: string): boolean {
  const unit = SMALL.get(right) ?? 0;
  return right === 'hundred' || SCALES.has(right) || (TENS.includes(left) && unit > 0 && unit < 10);
}

function readNumber(tokens: readonly string[], start: number): Read | undefined {
  const whole = readWhole(tokens, start) ?? readNumeral(tokens, start);
  const fraction = tokens[whole?.end ?? start] === 'point' ? readFraction(tokens, (whole?.end ?? start) + 1) : undefined;
  if (!fraction) return whole && scaled(tokens, whole);
  // "3.1 point 4" is no number.
  if (whole && !/^\d+$/.test(whole.digits)) return undefined;
  return scaled(tokens, { digits: `${whole?.digits ?? '0'}.${fraction.digits}`, end: fraction.end });
}

/** One whole number in words. */
function readWhole(tokens: readonly string[], start: number): Read | undefined {
  let total = 0n;
  let group: number | undefined;
  let end = start;
  for (let at = start; at < tokens.length; at++) {
    const word = tokens[at]!;
    const small = SMALL.get(word);
    const scale = SCALES.get(word);
    if (small !== undefined && fits(group, small)) {
      group = (group ?? 0) + small;
    } else if (word === 'a' && group === undefined && (tokens[at + 1] === 'hundred' || SCALES.has(tokens[at + 1] ?? ''))) {
      group = 1;
    } else if (word === 'hundred' && group !== undefined && group > 0 && group < 100 && (group < 10 || group % 10 > 0)) {
      group *= 100;
    } else if (scale !== undefined && group !== undefined) {
      total += BigInt(group) * 10n ** BigInt(scale);
      group = 0;
    } else if (
      word === 'and' &&
      group !== undefined &&
      group % 100 === 0 &&
      (group > 0 || total > 0n) &&
      SMALL.has(tokens[at + 1] ?? '')
    ) {
      continue;
    } else {
      break;
    }
    end = at + 1;
  }
  return group === undefined ? undefined : { digits: String(total + BigInt(group)), end };
}

/** Units follow tens, and anything below a hundred follows hundreds: "forty two" is one number, "four two" is two. */
function fits(group: number | undefined, small: number): boolean {
  if (group === undefined || group === 0) return true;
  if (group % 100 === 0) return small < 100;
  return group % 100 >= 20 && group % 10 === 0 && small > 0 && small < 10;
}

function readNumeral(tokens: readonly string[], start: number): Read | undefined {
  return /^(?:\d+(?:\.\d{1,12})?|\.\d{1,12})$/.test(tokens[start] ?? '') ? { digits: tokens[start]!, end: start + 1 } : undefined;
}

/** What follows "point": digits one by one ("one four"), or a number below a hundred ("twenty-five"). */
function readFraction(tokens: readonly string[], start: number): Read | undefined {
  let digits = '';
  let end = start;
  for (; end < tokens.length; end++) {
    const value = SMALL.get(tokens[end]!);
    if (value === undefined || value > 9) break;
    digits += String(value);
  }
  if (digits !== '') return { digits, end };
  const whole = readWhole(tokens, start) ?? readNumeral(tokens, start);
  return whole && /^\d{1,12}$/.test(whole.digits) ? whole : undefined;
}

/** "2.5 million"; a number in words has its scales already. */
function scaled(tokens: readonly string[], { digits, end }: Read): Read {
  const scale = SCALES.get(tokens[end] ?? '');
  if (scale === undefined) return { digits, end };
  const [whole = '', fraction = ''] = digits.split('.');
  const rest = fraction.slice(scale);
  return { digits: `${BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'))}${rest && `.${rest}`}`, end: end + 1 };
}
