import { withoutEnd } from './promptText.js';
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
  ['thousand', '000'],
  ['million', '000000'],
  ['billion', '000000000'],
  ['trillion', '000000000000'],
]);

/** In this order: longer phrases before the words that they hold. `$1` stands for what was matched. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:to the power of|raised to(?: the power of)?)\b/g, ' ^ '],
  [/\b(?:divided by|over)\b/g, ' / '],
  [/\b(?:multiplied by|times)\b/g, ' * '],
  [/(\d)\s*[x×]\s*(?=[\d(])/g, '$1 * '],
  [/\b(?:added to|plus|and then add)\b/g, ' + '],
  [/\b(?:minus|less|take away)\b/g, ' - '],
  [/\b(?:modulo|mod)\b/g, ' % '],
  [/\bsquared\b/g, ' ^ 2 '],
  [/\bcubed\b/g, ' ^ 3 '],
  [/(?<![\d.])(\d+(?:\.\d+)?)\s*(?:%|percent|per cent)\s+of\b/g, ' $1 / 100 * '],
  [/(?<![\d.])(\d+(?:\.\d+)?)\s*(?:percent|per cent)/g, ' ($1 / 100) '],
  [/\bhalf of\b/g, ' 1 / 2 * '],
  [/\b(?:a )?third of\b/g, ' 1 / 3 * '],
  [/\b(?:a )?quarter of\b/g, ' 1 / 4 * '],
  [/\bthree quarters of\b/g, ' 3 / 4 * '],
  [/\b(?:twice|double)\b/g, ' 2 * '],
  [/[÷]/g, ' / '],
  [/[−–]/g, ' - '],
];

const BEFORE = /^(?:(?:please|what(?:'s| is| are)|how much (?:is|are)|calculate|compute|work out|evaluate|tell me)\s+)+/;
const LISTED = /\b(sum|product) of ((?:[-\d.]+(?:\s*,\s*(?:and\s+)?|\s+and\s+))+[-\d.]+)/g;
const BETWEEN = /\bdifference (?:of|between) (\S+) and (\S+)/g;
const POWER_OF = /\b(?:the )?(square|cube) of (\([^()]*\)|[\d.]+)/g;

/**
 * Writes a sum in English words as an expression in symbols; what it does not know stays as it is, for the parser to refuse.
 * `and` joins the parts of a number ("three hundred and forty-two") and of a list ("the sum of 3, 4 and 5").
 */
export function wordsToExpression(text: string): string {
  let result = numbersToDigits(text.toLowerCase().replace(/(\d),(?=\d{3}\b)/g, '$1')).trim();
  result = withoutEnd(result.replace(BEFORE, ''), /[?.!=\s]/).replace(/^the\s+/, '');
  result = result.replace(LISTED, (_, kind: string, items: string) => {
    const numbers = items.split(/\s*,\s*(?:and\s+)?|\s+and\s+/);
    return `(${numbers.join(kind === 'sum' ? ' + ' : ' * ')})`;
  });
  result = result
    .replace(BETWEEN, '($1 - $2)')
    .replace(POWER_OF, (_, kind: string, base: string) => `${base} ^ ${kind === 'square' ? 2 : 3}`);
  for (const [phrase, symbols] of PHRASES) result = result.replace(phrase, symbols);
  return result.replace(/\s+/g, ' ').trim();
}

/** "three hundred and forty-two" → "342", "2.5 million" → "2500000"; all other words stay. */
function numbersToDigits(text: string): string {
  const words = text.split(/(\s+|-(?=[a-z])|[?,!()])/);
  const out: string[] = [];
  for (let at = 0; at < words.length;) {
    const number = readNumber(words, at);
    if (number) {
      out.push(number.digits);
      at = number.end;
    } else {
      out.push(words[at++]!);
    }
  }
  return out.join('');
}

const isGap = (word: string | undefined): boolean => word !== undefined && (/^\s*$/.test(word) || word === '-');

/** Reads one number in words from `start`; a numeral followed by a scale counts too. */
function readNumber(words: readonly string[], start: number): { digits: string; end: number } | undefined {
  if (isGap(words[start])) return undefined;
  let total = 0n;
  let group: number | undefined;
  let end = start;
  for (let at = start; at < words.length; at++) {
    const word = words[at]!;
    if (isGap(word)) continue;
    const small = SMALL.get(word);
    const scale = SCALES.get(word);
    if (small !== undefined && fits(group, small)) {
      group = (group ?? 0) + small;
    } else if (word === 'hundred' && group !== undefined && group < 10) {
      group *= 100;
    } else if (scale && group !== undefined) {
      total += BigInt(group) * 10n ** BigInt(scale.length);
      group = 0;
    } else if (
      word === 'and' &&
      group !== undefined &&
      group % 100 === 0 &&
      (group > 0 || total > 0n) &&
      isSmallNext(words, at)
    ) {
      continue;
    } else {
      break;
    }
    end = at + 1;
  }
  if (group !== undefined) return { digits: String(total + BigInt(group)), end };
  return readScaledNumeral(words, start);
}

/** Units follow tens, and anything below a hundred follows hundreds: "forty two" is one number, "four two" is two. */
function fits(group: number | undefined, small: number): boolean {
  if (group === undefined || group === 0) return true;
  if (group % 100 === 0) return small < 100;
  return group % 100 >= 20 && group % 10 === 0 && small > 0 && small < 10;
}

function isSmallNext(words: readonly string[], at: number): boolean {
  const next = words.slice(at + 1).find((word) => !isGap(word));
  return next !== undefined && SMALL.has(next);
}

function readScaledNumeral(words: readonly string[], start: number): { digits: string; end: number } | undefined {
  const numeral = /^(\d+)(?:\.(\d{1,12}))?$/.exec(words[start] ?? '');
  const scale = isGap(words[start + 1]) ? SCALES.get(words[start + 2] ?? '') : undefined;
  if (!numeral || !scale) return undefined;
  const [, whole, fraction = ''] = numeral;
  const shifted = fraction.slice(0, scale.length).padEnd(scale.length, '0');
  const rest = fraction.slice(scale.length);
  return { digits: `${BigInt(whole! + shifted)}${rest && `.${rest}`}`, end: start + 3 };
}
