import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { sendBytes } from '../sendText.js';
import type { Answer } from './Answer.js';
import { chooseEncoding, compress, COMPRESSED_FROM_BYTES } from './compress.js';

/** Where an answer goes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly cors: Readonly<Record<string, string>>;
  /** Whether answers may be compressed. Streams never are: what is in a compressor does not reach the client. */
  readonly compresses: boolean;
  /** Aborted when the response is closed, by whoever, unless it has left whole by then. */
  readonly gone: AbortSignal;
  /** Set when it has been answered whole. */
  isAnswered: boolean;
  /** Set when another worker answers it, which then counts it. */
  isHandedOver: boolean;
}

/** Writes an answer whole, compressed where the client takes that and it is worth it. Does nothing when the client is gone. */
export async function writeAnswer(exchange: Exchange, { status, headers, bytes }: Answer): Promise<void> {
  const { request, response, compresses } = exchange;
  exchange.isAnswered = true;
  const all = allHeaders(exchange, headers);
  // What is left of a body is not read, so nothing can follow on this connection.
  if (!request.complete) all['connection'] = 'close';
  const encoding =
    compresses && bytes.length >= COMPRESSED_FROM_BYTES ? chooseEncoding(String(request.headers['accept-encoding'] ?? '')) : null;
  if (encoding === null) return sendBytes(response, status, bytes, all);
  sendBytes(response, status, await compress(bytes, encoding), { ...all, 'content-encoding': encoding });
}

/** With those that let the asking page read it. */
export function allHeaders({ cors }: Exchange, headers: Readonly<Record<string, string>>): OutgoingHttpHeaders {
  return { ...cors, ...headers, vary: [cors['vary'], headers['vary']].filter(Boolean).join(', ') };
}
