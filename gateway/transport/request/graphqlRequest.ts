import { isUtf8 } from 'node:buffer';
import { MeshError } from '../../errors.js';
import { refuseDeepJson } from '../jsonDepth.js';
import { splitUnquoted } from './readAccept.js';

/** What a client asks for, not yet looked at: the text, or the name of one that the gateway knows. */
export interface GraphqlRequest {
  readonly query: string | null;
  readonly documentId: string | null;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface BodyHeaders {
  readonly 'content-type'?: string | undefined;
  readonly 'content-encoding'?: string | undefined;
}

/** Requests in a list, each not yet looked at. */
export type Batch = readonly unknown[];

export function isBatch(asked: GraphqlRequest | Batch): asked is Batch {
  return Array.isArray(asked);
}

/** What a request asks for: of its body, or without one (null) of its URL. Throws UNSUPPORTED_MEDIA_TYPE, BAD_USER_INPUT. */
export function parseRequest(
  { headers, url = '/' }: { readonly headers: BodyHeaders; readonly url?: string | undefined },
  bytes: Buffer | null,
): GraphqlRequest | Batch {
  if (bytes === null) return parseSearch(url.includes('?') ? url.slice(url.indexOf('?')) : '');
  const body = parseBody(headers, bytes);
  return Array.isArray(body) ? (body as Batch) : readGraphqlRequest(body);
}

/**
 * The JSON of a POST body: one request, or several in a list. Throws UNSUPPORTED_MEDIA_TYPE for anything but JSON in UTF-8, which also
 * keeps out what any page could send without a preflight; BAD_USER_INPUT for bytes that are not UTF-8 or not JSON.
 */
export function parseBody(headers: BodyHeaders, bytes: Buffer): unknown {
  refuseOtherTypes(headers);
  if (!isUtf8(bytes)) throw new MeshError('BAD_USER_INPUT', 'The body is not UTF-8.');
  if (bytes.length === 0) throw new MeshError('BAD_USER_INPUT', 'The body is empty. Send JSON with a `query`.');
  return parseJson(bytes.toString('utf8'), 'The body');
}

/** The parameters of a GET. Throws BAD_USER_INPUT. `search` is the URL from its question mark on, or empty. */
export function parseSearch(search: string): GraphqlRequest {
  try {
    // URLSearchParams would put replacement characters where the bytes are not UTF-8.
    decodeURIComponent(search);
  } catch (cause) {
    throw new MeshError('BAD_USER_INPUT', 'The query string of the URL is not percent-encoded UTF-8.', { cause });
  }
  const given = new URLSearchParams(search);
  const one = (name: string): string | undefined => {
    const values = given.getAll(name);
    if (values.length > 1) throw new MeshError('BAD_USER_INPUT', `The parameter \`${name}\` may be there only once.`);
    return values[0];
  };
  const json = (name: string): unknown => {
    const text = one(name);
    return text === undefined || text === '' ? undefined : parseJson(text, `The parameter \`${name}\``);
  };
  return readGraphqlRequest({
    query: one('query'),
    documentId: one('documentId'),
    operationName: one('operationName'),
    variables: json('variables'),
    extensions: json('extensions'),
  });
}

/** Throws BAD_USER_INPUT, naming the member that is of the wrong kind. Other members are let be. */
export function readGraphqlRequest(value: unknown): GraphqlRequest {
  if (!isObject(value)) throw new MeshError('BAD_USER_INPUT', 'A request is a JSON object with a `query`.');
  return {
    query: text(value, 'query'),
    documentId: text(value, 'documentId'),
    operationName: text(value, 'operationName'),
    variables: object(value, 'variables'),
    extensions: object(value, 'extensions'),
  };
}

function refuseOtherTypes(headers: BodyHeaders): void {
  const [type = '', ...parameters] = splitUnquoted(headers['content-type'] ?? '', ';').map((part) => part.trim().toLowerCase());
  if (type !== 'application/json')
    throw unsupported(type === '' ? 'The request has no Content-Type.' : 'The Content-Type of the request is not known here.');
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (charset && !/^charset="?utf-?8"?$/.test(charset)) throw unsupported('JSON is UTF-8 here.');
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  if (encoding && encoding !== 'identity') throw unsupported('Compressed requests are not taken.');
}

function unsupported(why: string): MeshError {
  return new MeshError('UNSUPPORTED_MEDIA_TYPE', `${why} Send \`Content-Type: application/json\` with JSON as it is.`);
}

function parseJson(source: string, what: string): unknown {
  refuseDeepJson(source);
  try {
    return JSON.parse(source) as unknown;
  } catch (cause) {
    throw new MeshError('BAD_USER_INPUT', `${what} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** An empty one is none: clients have a field for it and nothing in it. */
function text(value: Record<string, unknown>, name: string): string | null {
  const member = value[name] ?? null;
  if (member === null || typeof member === 'string') return member === '' ? null : member;
  throw new MeshError('BAD_USER_INPUT', `\`${name}\` must be a string.`);
}

function object(value: Record<string, unknown>, name: string): Readonly<Record<string, unknown>> {
  const member = value[name] ?? {};
  if (isObject(member)) return member;
  throw new MeshError('BAD_USER_INPUT', `\`${name}\` must be a JSON object.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
