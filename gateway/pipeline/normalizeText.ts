/** An operation's text without what does not matter for its plan. */
export interface NormalizedText {
  /** Equal for texts that differ in white space, comments, the operation's name and the values of simple literals. */
  readonly key: string;
  /** The operation's name. */
  readonly name: string | null;
  /** Values of the literals that were taken out, in the order of the text; equal ones stand here once for each time. */
  readonly literals: readonly (string | number)[];
  /** Which of them are equal: for each the number of the first that is. */
  readonly equals: readonly number[];
  /** Where they begin in the text. */
  readonly starts: readonly number[];
}

// The signs of GraphQL's lexical grammar that matter here: spec.graphql.org/draft, 2.1.
const [QUOTE, HASH, AT, OPEN, CLOSE, OPEN_SET, CLOSE_SET, MINUS, COMMA, BOM, DOT] = codesOf('"#@(){}-,\ufeff.');
const [TAB, NEW_LINE, RETURN, SPACE] = [9, 10, 13, 32];
const KEYWORDS = new Set(['query', 'mutation', 'subscription']);

/**
 * Takes strings without escapes, whole numbers and decimals out of the arguments of fields: not of directives, which must be known when
 * an operation is planned, and not of variables' defaults. Null for a text that has several operations or does not look like one: its
 * text alone tells it from others. What comes out says nothing of whether the text is right; one right text of a key makes all right
 * whose literals fit their types.
 */
export function normalizeText(source: string): NormalizedText | null {
  const literals: (string | number)[] = [];
  const equals: number[] = [];
  const starts: number[] = [];
  const firsts = new Map<string | number, number>();
  /** Joined at the end: a key that grows by concatenation stays a tree of its parts, which hold the text. */
  const parts: string[] = [];
  // Half a surrogate pair is wrong wherever it stands, and what is skipped or taken out would not show it.
  if (!source.isWellFormed()) return null;
  let name: string | null = null;
  let operations = 0;
  let sets = 0;
  let parens = 0;
  /** How far a directive has been read, so that its arguments are known as such. */
  let directive: 'none' | 'sign' | 'name' | 'arguments' = 'none';
  let expectsName = false;
  let atDefinition = true;
  const length = source.length;

  const takeOut = (kind: string, value: string | number, start: number): void => {
    let first = firsts.get(value);
    if (first === undefined) firsts.set(value, (first = literals.length));
    equals.push(first);
    literals.push(value);
    starts.push(start);
    parts.push(`~${kind}${first}`);
  };

  for (let at = 0; at < length;) {
    const code = source.charCodeAt(at);
    if (code === SPACE || code === NEW_LINE || code === RETURN || code === TAB || code === COMMA || code === BOM) {
      at++;
      continue;
    }
    if (code === HASH) {
      while (at < length && source.charCodeAt(at) !== NEW_LINE && source.charCodeAt(at) !== RETURN) at++;
      continue;
    }
    const start = at;
    if (isNameStart(code)) {
      do at++;
      while (at < length && isNamePart(source.charCodeAt(at)));
      const word = source.slice(start, at);
      if (sets === 0 && parens === 0) {
        if (atDefinition && KEYWORDS.has(word)) {
          operations++;
          expectsName = true;
        } else if (expectsName) {
          name = word;
          expectsName = false;
          atDefinition = false;
          continue;
        }
        atDefinition = false;
      }
      directive = directive === 'sign' ? 'name' : directive === 'arguments' ? directive : 'none';
      parts.push(word);
      continue;
    }
    const isArgument = sets > 0 && parens > 0 && directive !== 'arguments';
    if (code === QUOTE) {
      const end = endOfString(source, at);
      if (end < 0) return null;
      at = end;
      const text = source.slice(start, at);
      const isSimple = isArgument && !text.startsWith('"""') && !text.includes('\\');
      if (isSimple) takeOut('s', text.slice(1, -1), start);
      else parts.push(text);
      continue;
    }
    if (code === MINUS || (code >= 48 && code <= 57)) {
      do at++;
      while (at < length && isNumberPart(source.charCodeAt(at)));
      const text = source.slice(start, at);
      const value = Number(text);
      // 5 and 5.0 are one number and two literals, as are all others that are not written as JavaScript writes them.
      const isTaken = isArgument && Number.isFinite(value) && String(value) === text;
      if (isTaken) takeOut(/^-?\d+$/.test(text) ? 'i' : 'f', value, start);
      else parts.push(text);
      continue;
    }
    // Three dots are one sign: apart from each other they are none.
    at += code === DOT && source.startsWith('...', at) ? 3 : 1;
    parts.push(source.slice(start, at));
    if (code === OPEN) {
      if (directive === 'name') directive = 'arguments';
      parens++;
    } else if (code === CLOSE) {
      parens--;
      if (parens === 0) directive = 'none';
    } else if (code === AT) directive = 'sign';
    else if (directive !== 'arguments') directive = 'none';
    if (parens > 0) expectsName = false;
    else if (code === OPEN_SET) {
      if (sets === 0 && atDefinition) operations++;
      sets++;
      atDefinition = expectsName = false;
    } else if (code === CLOSE_SET) {
      sets--;
      atDefinition = sets === 0;
    } else if (code === AT) expectsName = false;
  }
  if (operations !== 1 || sets !== 0 || parens !== 0) return null;
  return { key: parts.join(' '), name, literals, equals, starts };
}

function isNameStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || (code >= 48 && code <= 57);
}

/** Digits, signs, the point and the letters of exponents; what follows a number without a space belongs to what is wrong with it. */
function isNumberPart(code: number): boolean {
  return isNamePart(code) || code === 43 || code === MINUS || code === 46;
}

/** Behind the closing quotes; -1 when there are none. */
function endOfString(source: string, start: number): number {
  if (source.startsWith('"""', start)) {
    let end = source.indexOf('"""', start + 3);
    while (end > 0 && source[end - 1] === '\\') end = source.indexOf('"""', end + 3);
    return end < 0 ? -1 : end + 3;
  }
  for (let at = start + 1; at < source.length; at++) {
    const code = source.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === NEW_LINE || code === RETURN) return -1;
    if (source[at] === '\\') at++;
  }
  return -1;
}

function codesOf(signs: string): Codes {
  return [...signs].map((sign) => sign.charCodeAt(0)) as Codes;
}

type Codes = [number, number, number, number, number, number, number, number, number, number, number];
