import { add, divide, modulo, multiply, parseRational, power, rational, subtract, type Rational } from './rational.js';

/** The text is not an expression; `message` says where it stops making sense. */
export class NotAnExpression extends Error {
  override readonly name = 'NotAnExpression';
}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?|\.\d+)|([-+*/^%()])|$)/y;
const MAX_TOKENS = 1_000;
const MAX_DEPTH = 100;

/**
 * Evaluates `+ - * / ^`, `mod` as infix `%`, parentheses and decimals, exactly. `^` binds tightest and to the right; a sign binds
 * less than `^` (-2^2 is -4). Throws NotAnExpression, or a RangeError for what has no exact result.
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
    for (let operator = peek(); operator === '*' || operator === '/' || operator === '%'; operator = peek()) {
      position++;
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
      const base = primary();
      if (peek() !== '^') return base;
      position++;
      return power(base, signed());
    } finally {
      depth--;
    }
  };
  const primary = (): Rational => {
    const token = tokens[position++];
    if (token === '(') {
      const inner = sum();
      expect(')');
      return inner;
    }
    if (token === undefined || !/^[\d.]/.test(token))
      throw new NotAnExpression(token ? `"${token}" is not a number` : 'it ends too early');
    return parseRational(token);
  };

  const result = sum();
  if (position < tokens.length) throw new NotAnExpression(`"${tokens[position]}" comes unexpectedly`);
  return result;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new NotAnExpression(`"${text.slice(at, at + 20).trim()}" is not arithmetic`);
    const token = match[1] ?? match[2];
    if (token === undefined) break;
    tokens.push(token);
    if (tokens.length > MAX_TOKENS) throw new NotAnExpression(`it has over ${MAX_TOKENS} parts`);
  }
  return tokens;
}
