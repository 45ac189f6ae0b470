import { NotAnExpression, NUMBER } from './evaluateExpression.js';
import { isJoined, numbersToDigits } from './numbersInWords.js';
import { phraseAt, phraseTable, replacePhrases } from './phrases.js';
import { withoutEnd } from './promptText.js';

/** Longer phrases win over the shorter ones that they begin with. "the" is left out before. */
const PHRASES = phraseTable({
  '^': ['to power of', 'raised to power of', 'raised to', 'to power'],
  '/': ['divided by', 'over'],
  '*': ['multiplied by', 'times'],
  '+': ['added to', 'plus', 'and then add'],
  '-': ['minus', 'less', 'take away'],
  mod: ['modulo', 'mod'],
  '^ 2': ['squared'],
  '^ 3': ['cubed'],
  '!': ['factorial'],
  percent: ['per cent'],
  sqrt: ['square root of', 'root of'],
  cbrt: ['cube root of'],
  square: ['square of'],
  cube: ['cube of'],
  factorial: ['factorial of'],
  double: ['twice'],
  sum: ['sum of'],
  product: ['product of'],
  quotient: ['quotient of'],
  difference: ['difference between', 'difference of'],
});

/** Said before a sum, and saying nothing about it. */
const BEFORE = phraseTable({
  '': [
    'please',
    'what is',
    "what's",
    'whats',
    'what are',
    'what does',
    'how much is',
    'how much are',
    'calculate',
    'compute',
    'work out',
    'evaluate',
    'find',
    'solve',
    'tell me',
    'give me',
    'can you',
    'could you',
    'result of',
    'value of',
    'what do you get if you',
    'what do you get when you',
    'what do i get if i',
    'what do i get when i',
    'if you',
  ],
});
const AFTER = new Set(['equal', 'equals', 'please', 'make', 'makes', 'is', 'what']);

/** What is made of a part that follows the word. */
const FUNCTIONS: Readonly<Record<string, (operand: string) => string>> = {
  sqrt: (operand) => `sqrt(${operand})`,
  cbrt: (operand) => `cbrt(${operand})`,
  square: (operand) => `(${operand}) ^ 2`,
  cube: (operand) => `(${operand}) ^ 3`,
  factorial: (operand) => `(${operand})!`,
  double: (operand) => `(2 * ${operand})`,
  triple: (operand) => `(3 * ${operand})`,
  halve: (operand) => `(1 / 2 * ${operand})`,
};
const LISTS: Readonly<Record<string, string>> = { sum: '+', product: '*', difference: '-', quotient: '/' };
const SEPARATORS = new Set([',', 'and']);

/** "subtract 5 from 12": what stands between the two parts, and the sum that they are. */
const VERBS: Readonly<
  Record<string, { readonly between: readonly string[]; readonly join: (parts: readonly string[]) => string }>
> = {
  add: { between: ['and', 'to', ',', 'with'], join: (parts) => parts.join(' + ') },
  subtract: { between: ['from'], join: (parts) => [...parts].reverse().join(' - ') },
  take: { between: ['from'], join: (parts) => [...parts].reverse().join(' - ') },
  multiply: { between: ['by', 'and', 'with'], join: (parts) => parts.join(' * ') },
  divide: { between: ['by'], join: (parts) => parts.join(' / ') },
};

const PARTS_OF_ONE: readonly (readonly [string, number])[] = [
  ['half', 2],
  ['third', 3],
  ['quarter', 4],
  ...'fourth fifth sixth seventh eighth ninth tenth'.split(' ').map((word, index) => [word, index + 4] as const),
  ['hundredth', 100],
  ['thousandth', 1000],
];
const DENOMINATORS = new Map(
  PARTS_OF_ONE.flatMap(([word, parts]): [string, number][] => [
    [word, parts],
    [word === 'half' ? 'halves' : `${word}s`, parts],
  ]),
);

/**
 * Writes a sum in English words as an expression in symbols; what it does not know stays as it is, for the parser to refuse.
 * `and` joins the parts of a number ("three hundred and forty-two") and of a list ("the sum of 3, 4 and 5"). One pass over the
 * words for each step, so that the time grows with the length of the text and no faster. Throws NotAnExpression for what can be read
 * in two ways.
 */
export function wordsToExpression(text: string): string {
  const words = tokenize(withoutEndMarks(text.toLowerCase().replaceAll(/[’‘]/g, "'")));
  const spoken = numbersToDigits(withoutCourtesy(words));
  return new Reader(replacePhrases(spoken, PHRASES)).everything();
}

/** An exclamation mark after a value is a factorial; any other at the end is only punctuation. */
function withoutEndMarks(text: string): string {
  const core = withoutEnd(text, /[?.!=\s]/);
  const factorials = /^\s*(!+)/.exec(text.slice(core.length))?.[1] ?? '';
  if (/\p{L}$/u.test(core)) {
    const last = core.slice(core.lastIndexOf(' ') + 1);
    if (factorials && !AFTER.has(last)) throw new NotAnExpression(`"${last}!" may be loud or a factorial; write "factorial"`);
    return core;
  }
  return core + factorials;
}

const TOKEN = new RegExp(String.raw`\s*(?:(${NUMBER})|(\p{L}[\p{L}']*(?:-\p{L}[\p{L}']*)*)|(\*\*|\S)|$)`, 'yu');

/** Numbers (without the commas between thousands), words and signs. "forty-two" is two words, and "ten-two" two and a minus. */
function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match && TOKEN.lastIndex <= text.length; match = TOKEN.exec(text)) {
    const [whole, number, word, sign] = match;
    if (number) tokens.push(number.replaceAll(',', ''));
    else if (word) tokens.push(...splitWord(word));
    else if (sign) tokens.push(sign);
    if (whole === '' || TOKEN.lastIndex >= text.length) break;
  }
  return tokens;
}

function splitWord(word: string): string[] {
  const [first, ...rest] = word.split('-');
  const tokens = [first!];
  for (const part of rest) {
    const glued = isJoined(tokens.at(-1)!, part) || DENOMINATORS.has(part) || part === 'and';
    tokens.push(...(glued || tokens.at(-1) === 'and' ? [part] : ['-', part]));
  }
  return tokens;
}

function withoutCourtesy(words: readonly string[]): string[] {
  const said = words.filter((word) => word !== 'the');
  let start = 0;
  for (let found = phraseAt(said, start, BEFORE); found; found = phraseAt(said, start, BEFORE)) start += found.length;
  let end = said.length;
  while (end > start && (AFTER.has(said[end - 1]!) || said[end - 1] === ',')) end--;
  return said.slice(start, end);
}

const isNumber = (token: string | undefined): boolean => token !== undefined && /^[\d.]/.test(token);
const isSign = (token: string | undefined): boolean => token !== undefined && /^(?:[-+*/^×÷·⋅−–]|\*\*|mod)$/.test(token);

const MAX_DEPTH = 100;

/** Reads tokens in order and writes symbols; a word that it does not know is written as it is. */
class Reader {
  private readonly tokens: readonly string[];
  private at = 0;
  private depth = 0;

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  everything(): string {
    const verb = VERBS[this.tokens[0] ?? ''];
    if (!verb) return this.until(() => false).join(' ');
    const parts: string[][] = [[]];
    this.at = 1;
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at]!;
      if (!verb.between.includes(token)) {
        parts.at(-1)!.push(this.part());
        continue;
      }
      this.at++;
      // "3, 4, and 5" has one separator between the last two.
      if (parts.at(-1)!.length > 0) parts.push([]);
    }
    const written = parts.map((part) => (part.length === 1 ? part[0]! : `(${part.join(' ')})`));
    return written.length < 2 ? this.tokens.join(' ') : verb.join(written);
  }

  private until(isEnd: (token: string) => boolean): string[] {
    const out: string[] = [];
    while (this.at < this.tokens.length && !isEnd(this.tokens[this.at]!)) out.push(this.part());
    return out;
  }

  /** A value with what belongs to it, or one token. */
  private part(): string {
    const before = this.tokens[this.at - 1];
    if (this.startsValue(this.at)) {
      const first = this.tokens[this.at]!;
      if (first !== '(' && this.endsValue(before)) throw new NotAnExpression(`"${before} ${first}" lacks what joins them`);
      return this.value();
    }
    const token = this.tokens[this.at++]!;
    if (token === 'negative' && (before === undefined || isSign(before) || before === '(' || before === 'and' || before === 'by'))
      return '-';
    const isTimes = token === 'x' && this.endsValue(before) && (isNumber(this.tokens[this.at]) || this.tokens[this.at] === '(');
    return isTimes ? '*' : token;
  }

  private startsValue(at: number): boolean {
    const token = this.tokens[at];
    if (token === undefined) return false;
    const isPart = token === 'half' || (token === 'a' && DENOMINATORS.has(this.tokens[at + 1] ?? ''));
    return isNumber(token) || token === '(' || token in FUNCTIONS || token in LISTS || isPart;
  }

  private endsValue(token: string | undefined): boolean {
    return isNumber(token) || token === ')' || token === '!' || token === 'percent' || DENOMINATORS.has(token ?? '');
  }

  private value(): string {
    if (++this.depth > MAX_DEPTH) throw new NotAnExpression(`it is over ${MAX_DEPTH} levels deep`);
    const written = this.startedBy(this.tokens[this.at++]!);
    this.depth--;
    return written;
  }

  private startedBy(token: string): string {
    if (token in LISTS) return this.list(token);
    const make = FUNCTIONS[token];
    if (make) {
      // "square root (…)" and "half (…)" need no "of"; "sqrt" alone is for the parser.
      const operand = this.operand();
      return operand === undefined ? token : make(operand);
    }
    if (token === '(') {
      const inner = this.until((next) => next === ')').join(' ');
      if (this.tokens[this.at] !== ')') return `(${inner}`;
      this.at++;
      return `(${inner})`;
    }
    if (token === 'half') this.at--;
    return this.share(token === 'a' || token === 'half' ? '1' : token);
  }

  /** A number, and what makes a share of it: "three quarters of 80", "15 % of 240", "two and a half". */
  private share(number: string): string {
    const parts = DENOMINATORS.get(this.tokens[this.at] ?? '');
    if (parts !== undefined) {
      this.at++;
      return this.ofWhat(`${number} / ${parts}`);
    }
    if (this.isPercent()) {
      const before = this.tokens[this.at - 2];
      const isOf = this.tokens[this.at + 1] === 'of';
      // "200 plus 10 percent" may mean 10 % of the 200.
      if (!isOf && (before === '+' || before === '-') && this.at > 2) return number;
      this.at++;
      return this.ofWhat(`${number} / 100`);
    }
    const mixed = this.tokens.slice(this.at, this.at + 3);
    const fraction = DENOMINATORS.get(mixed[2] ?? '');
    if (mixed[0] === 'and' && fraction !== undefined && (mixed[1] === 'a' || isNumber(mixed[1]))) {
      this.at += 3;
      return `(${number} + ${mixed[1] === 'a' ? '1' : mixed[1]} / ${fraction})`;
    }
    return number;
  }

  private ofWhat(share: string): string {
    if (this.tokens[this.at] !== 'of') return `(${share})`;
    this.at++;
    const operand = this.operand();
    return operand === undefined ? `(${share}) of` : `(${share} * ${operand})`;
  }

  /** "%" is a percentage unless another value follows, of which it would be the remainder. */
  private isPercent(): boolean {
    const [sign, next = ''] = this.tokens.slice(this.at, this.at + 2);
    return sign === 'percent' || (sign === '%' && !this.startsValue(this.at + 1) && !/^[-+$€£¥√∛]$/.test(next));
  }

  /** What a word such as "half of" is about: one value with its sign and its powers. Undefined: no value follows. */
  private operand(): string | undefined {
    const start = this.at;
    let sign = '';
    while (['-', 'negative', 'minus'].includes(this.tokens[this.at] ?? '')) {
      sign += '-';
      this.at++;
    }
    if (!this.startsValue(this.at)) {
      this.at = start;
      return undefined;
    }
    let value = this.value();
    while (this.tokens[this.at] === '!') value += this.tokens[this.at++];
    if (this.tokens[this.at] === '^') {
      const sign = this.tokens[this.at++]!;
      const exponent = this.operand();
      value = exponent === undefined ? `${value} ${sign}` : `${value} ${sign} ${exponent}`;
    }
    return sign === '' ? value : `(${sign}${value})`;
  }

  /** "3, 4 and 5". */
  private list(kind: string): string {
    const items: string[] = [];
    for (let item = this.operand(); item !== undefined; item = this.operand()) {
      items.push(item);
      let next = this.at;
      while (SEPARATORS.has(this.tokens[next] ?? '')) next++;
      if (next === this.at || !(this.startsValue(next) || this.tokens[next] === '-' || this.tokens[next] === 'negative')) break;
      this.at = next;
    }
    const isPair = kind === 'difference' || kind === 'quotient';
    return items.length < 2 || (isPair && items.length > 2)
      ? `${kind} ${items.join(', ')}`
      : `(${items.join(` ${LISTS[kind]} `)})`;
  }
}
