import type { Buffer } from 'node:buffer';

/** One POST of JSON to the one address of a transport. */
export interface HttpRequest {
  /** Besides host, content-type, accept and content-length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether it may be sent once more when the server closed a kept connection before the first byte of its answer. */
  readonly isRepeatable: boolean;
}

/** Told how a request ended, once, and nothing after it was cancelled. Must not throw. */
export interface Receiver {
  /** `body` is read before this returns: its memory is that of the next answer. `retryAfter` is the header's text. */
  answered(status: number, body: Buffer, retryAfter: string | undefined): void;
  failed(error: TransportError): void;
}

/** Carries requests to one address, each in its own exchange. Bounds neither their number nor their time: whoever sends does. */
export interface Transport {
  /** The result ends the exchange. */
  send(request: HttpRequest, receiver: Receiver): () => void;
  /** Takes no more requests, lets those in flight end, then closes every connection. */
  close(): Promise<void>;
}

/**
 * `unreachable`: no connection came about, so nothing was sent. `broken`: it ended before the answer did. `improper`: what came is not
 * HTTP as it should be, or too much of it; the message says what.
 */
export class TransportError extends Error {
  readonly kind: 'unreachable' | 'broken' | 'improper';

  constructor(kind: TransportError['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

/** What a server may send at most, and how long it may take to accept a connection. */
export interface TransportLimits {
  readonly maxResponseBytes: number;
  /** Milliseconds. */
  readonly connectTimeoutMs: number;
}

export const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json',
} as const;

/** Throws `improper` for a body in an encoding that was not asked for. */
export function checkEncoding(encoding: string | undefined): void {
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new TransportError('improper', `its answer is encoded as ${encoding.slice(0, 20)}, which was not asked for`);
}
