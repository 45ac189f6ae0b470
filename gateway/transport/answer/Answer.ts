import type { Logger } from 'pino';
import { cacheControl, type Freshness } from '../../cache/Freshness.js';
import { statusOf, toClientError } from '../clientError.js';
import { JSON_TYPE, type Accepted } from '../request/readAccept.js';
import { MULTIPART_PARTS, SSE, withHasNext } from '../streams/StreamForm.js';

/** An answer that is there as a whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** What an operation came to, before the client's wishes are looked at. */
export interface OperationAnswer {
  /** The true one: 400 for what is wrong with the operation. */
  readonly status: number;
  /** A JSON object in UTF-8. */
  readonly bytes: Buffer;
  /** Null: it may not be kept. */
  readonly freshness: Freshness | null;
}

export function textOf({ bytes }: OperationAnswer): string {
  return bytes.toString('utf8');
}

/** Whoever keeps an answer keeps it for this token and this type only. */
export const VARY = 'authorization, accept, accept-encoding';

/** In the type and with the status that the client expects. */
export function toAnswer(answer: OperationAnswer, accepted: Accepted, now: number): Answer {
  const { status, bytes, freshness } = answer;
  const form = formOf(accepted, status);
  return {
    status: form.status,
    headers: {
      'content-type': form.contentType,
      'cache-control': cacheControl(freshness, now),
      vary: VARY,
      ...statusHeaders(status),
    },
    bytes: form.around ? Buffer.from(form.around(textOf(answer))) : bytes,
  };
}

interface Form {
  readonly status: number;
  readonly contentType: string;
  /** What becomes of the text. Left out: nothing. */
  readonly around?: (text: string) => string;
}

/** What is no answer to an operation is JSON, whatever is accepted: a status that is read in any case says that. */
function formOf({ single, expectsOk, stream, incremental }: Accepted, status: number): Form {
  const isOperations = status === 200 || status === 400;
  if (single !== null) return { status: expectsOk && isOperations ? 200 : status, contentType: single };
  if (stream === 'sse' && isOperations)
    return { status: 200, contentType: SSE.contentType, around: (text) => SSE.event(text) + SSE.end };
  if (!incremental || status !== 200) return { status, contentType: JSON_TYPE };
  const { contentType, opening, event, end } = MULTIPART_PARTS;
  return { status, contentType, around: (text) => opening + event(withHasNext(text, false)) + end };
}

/** Of a request that was not understood, or whose sender may not come in: JSON with the true status. */
export function toRefusal(answer: OperationAnswer, { single }: Accepted, now: number): Answer {
  return toAnswer(answer, { single: single ?? JSON_TYPE, expectsOk: false, incremental: false, stream: null, page: false }, now);
}

/** Anything that was thrown, as an operation's answer: its code, and words where they are the client's. */
export function failedAnswer(error: unknown, traceId: string, log: Logger): OperationAnswer {
  const known = toClientError(error, traceId, log);
  const { http: _, ...extensions } = known.extensions;
  const { message, locations } = known.toJSON();
  const errors = [{ message, ...(locations && { locations }), extensions }];
  return { status: statusOf(String(extensions['code'])), bytes: Buffer.from(JSON.stringify({ errors })), freshness: null };
}

function statusHeaders(status: number): Record<string, string> {
  if (status === 405) return { allow: 'POST' };
  if (status === 503) return { 'retry-after': '1' };
  return status === 401 ? { 'www-authenticate': 'Bearer' } : {};
}
