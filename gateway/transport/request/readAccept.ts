export const JSON_TYPE = 'application/json; charset=utf-8';
export const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

/** What a client takes, of all that the gateway makes. */
export interface Accepted {
  /** The type of an answer that comes at once. Null: none that is made here. */
  readonly single: typeof JSON_TYPE | typeof GRAPHQL_TYPE | null;
  /**
   * The client names application/json and so may be one of those that know no other status than 200 once the request itself was
   * understood (GraphQL over HTTP, section 6.4.1). Who leaves the type open, or takes the newer one, gets the true status.
   */
  readonly expectsOk: boolean;
  /** Answers with @defer or @stream in parts: multipart/mixed with deferSpec=20220824. */
  readonly incremental: boolean;
  /** How events reach the client. */
  readonly stream: 'sse' | 'multipart' | null;
  /** A person with a browser, who is shown the landing page. */
  readonly page: boolean;
}

interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

interface Match {
  readonly quality: number;
  /** Infinity: only by a wildcard. */
  readonly index: number;
}

/** Reads an Accept header (RFC 9110, 12.5.1). None at all, or an empty one, takes everything. What is no media range is passed over. */
export function readAccept(header: string | undefined): Accepted {
  const ranges = parseRanges(header === undefined || header.trim() === '' ? '*/*' : header);
  const json = find(ranges, 'application/json');
  const graphql = find(ranges, 'application/graphql-response+json');
  const html = named(find(ranges, 'text/html'));
  const sse = named(find(ranges, 'text/event-stream'));
  const multipart = named(find(ranges, 'multipart/mixed', 'subscriptionspec', '1.0'));
  const single = better(json, graphql);
  return {
    single: single === null ? null : single === json ? JSON_TYPE : GRAPHQL_TYPE,
    expectsOk: single !== null && single === json && single.index !== Infinity,
    incremental: named(find(ranges, 'multipart/mixed', 'deferspec', '20220824')) !== null,
    stream: better(sse, multipart) === null ? null : better(sse, multipart) === sse ? 'sse' : 'multipart',
    page: html !== null && better(single, html) === html,
  };
}

/** Of equal ones that which the client names first, and the first of two that it does not name. */
function better(one: Match | null, other: Match | null): Match | null {
  if (!one || !other) return one ?? other;
  if (one.quality !== other.quality) return one.quality > other.quality ? one : other;
  return one.index <= other.index ? one : other;
}

function named(match: Match | null): Match | null {
  return match?.index === Infinity ? null : match;
}

/** The most specific range decides. `parameter` must have that value; without one, parameters mean nothing. */
function find(ranges: readonly Range[], type: string, parameter?: string, value?: string): Match | null {
  const exact = ranges.findIndex((range) => range.type === type && (!parameter || range.parameters.get(parameter) === value));
  const wild = [`${type.split('/')[0]}/*`, '*/*'].map((name) => ranges.find((range) => range.type === name)).find(Boolean);
  const quality = ranges[exact]?.quality ?? wild?.quality ?? 0;
  return quality > 0 ? { quality, index: exact < 0 ? Infinity : exact } : null;
}

const RANGE = /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/;

function parseRanges(header: string): Range[] {
  return splitUnquoted(header, ',').flatMap((part) => {
    const [type = '', ...pairs] = splitUnquoted(part, ';').map((text) => text.trim());
    if (!RANGE.test(type)) return [];
    const parameters = new Map(pairs.map(parsePair));
    const quality = Number(parameters.get('q') ?? '1');
    return [{ type: type.toLowerCase(), parameters, quality: quality >= 0 && quality <= 1 ? quality : 0 }];
  });
}

function parsePair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 0) return [pair.toLowerCase(), ''];
  const value = pair.slice(equals + 1).trim();
  return [pair.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1').replace(/\\(.)/g, '$1')];
}

/** Also for Content-Type, whose parameters are written in the same way. */
export function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const sign = text[index];
    if (quoted && sign === '\\') index++;
    else if (sign === '"') quoted = !quoted;
    else if (sign === separator && !quoted) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  return [...parts, text.slice(from)];
}
