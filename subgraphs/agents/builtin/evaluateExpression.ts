import {
  add,
  divide,
  factorial,
  modulo,
  multiply,
  parseRational,
  power,
  rational,
  root,
  subtract,
  type Rational,
} from './rational.js';

/** The text is not an expression; `message` says where it stops making sense. */
export class NotAnExpression extends Error {
  override readonly name = 'NotAnExpression';
}

/** `12`, `1,250`, `0.5`, `.5`, `1e3`. */
export const NUMBER = String.raw`(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+`;
const TOKEN = new RegExp(
  String.raw`\s*(?:(${NUMBER})|(\*\*|[-+*/^%()!√∛²³×·⋅÷−–]|mod\b|sqrt\b|cbrt\b)|([$€£¥])(?=\s*[\d.])|$)`,
  'yi',
);
const MAX_TOKENS = 1_000;
const MAX_DEPTH = 100;

/** The ways in which people write one and the same sign. */
const SAME: Readonly<Record<string, string>> = {
  '**': '^',
  '×': '*',
  '·': '*',
  '⋅': '*',
  '÷': '/',
  '−': '-',
  '–': '-',
  '√': 'sqrt',
  '∛': 'cbrt',
};

/**
 * Evaluates `+ - * / ^`, `!`, remainders (`%` or `mod`), roots (`√`, `sqrt`, `cbrt`), parentheses and decimals, exactly. `!` binds
 * tightest, then `^`, to the right; a sign binds less than `^` (-2^2 is -4). `4(5)` multiplies. What can be read in two ways (`1/2(3)`,
 * `3!!`, `10% - 5`, two currencies) is refused rather than guessed. Throws NotAnExpression, or a RangeError for what has no exact result.
 */
export function evaluateExpression(text: string): Rational {
  const tokens = tokenize(text);
  let position = 0;
  let depth = 0;
  const peek = (): string | undefined => tokens[position];
  const expect = (token: string): void => {
    if (tokens[position++] !== token) throw new NotAnExpression(`"${token}" is missing`);
  };

  const sum = (): Rational => {
    let left = product();
    for (let operator = peek(); operator === '+' || operator === '-'; operator = peek()) {
      position++;
      left = operator === '+' ? add(left, product()) : subtract(left, product());
    }
    return left;
  };
  const product = (): Rational => {
    let left = signed();
    let divided = false;
    for (let operator = peek(); isProduct(operator); operator = peek()) {
      if (operator === '(') {
        if (divided) throw new NotAnExpression('a "(" after a division can be read in two ways; write the "*"');
        left = multiply(left, signed());
        continue;
      }
      position++;
      if (operator === '%' && (peek() === '+' || peek() === '-'))
        throw new NotAnExpression('"%" before a sign can be a percentage or a remainder; write "mod" for a remainder');
      divided = operator !== '*';
      const right = signed();
      left = operator === '*' ? multiply(left, right) : operator === '/' ? divide(left, right) : modulo(left, right);
    }
    return left;
  };
  const signed = (): Rational => {
    if (++depth > MAX_DEPTH) throw new NotAnExpression(`it is over ${MAX_DEPTH} levels deep`);
    try {
      if (peek() === '-' || peek() === '+') {
        const sign = tokens[position++] === '-' ? -1n : 1n;
        return multiply(rational(sign), signed());
      }
      const base = postfixed();
      if (peek() !== '^') return base;
      position++;
      return power(base, signed());
    } finally {
      depth--;
    }
  };
  const postfixed = (): Rational => {
    let value = primary();
    for (let sign = peek(); sign === '!' || sign === '²' || sign === '³'; sign = peek()) {
      position++;
      if (sign === '!' && peek() === '!') throw new NotAnExpression('"!!" can be read in two ways; write parentheses');
      value = sign === '!' ? factorial(value) : power(value, rational(sign === '²' ? 2n : 3n));
    }
    return value;
  };
  const primary = (): Rational => {
    const token = tokens[position++];
    if (token === '(') {
      const inner = sum();
      expect(')');
      return inner;
    }
    if (token === 'sqrt' || token === 'cbrt') return root(token === 'sqrt' ? 2n : 3n, radicand());
    if (token === undefined || !/^[\d.]/.test(token))
      throw new NotAnExpression(token ? `"${token}" is not a number` : 'it ends too early');
    return parseRational(token);
  };
  const radicand = (): Rational => {
    if (++depth > MAX_DEPTH) throw new NotAnExpression(`it is over ${MAX_DEPTH} levels deep`);
    try {
      return primary();
    } finally {
      depth--;
    }
  };

  const result = sum();
  if (position < tokens.length) throw new NotAnExpression(`"${tokens[position]}" comes unexpectedly`);
  return result;
}

/** An opening parenthesis after a value multiplies. */
function isProduct(token: string | undefined): token is string {
  return token !== undefined && ['*', '/', '%', 'mod', '('].includes(token);
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const currencies = new Set<string>();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new NotAnExpression(`"${text.slice(at, at + 20).trim()}" is not arithmetic`);
    const [, number, sign, currency] = match;
    if (currency) {
      currencies.add(currency);
      if (currencies.size > 1) throw new NotAnExpression(`${[...currencies].join(' and ')} are different currencies`);
      continue;
    }
    const token = number ?? sign?.toLowerCase();
    if (token === undefined) break;
    tokens.push(SAME[token] ?? token);
    if (tokens.length > MAX_TOKENS) throw new NotAnExpression(`it has over ${MAX_TOKENS} parts`);
  }
  return tokens;
}
