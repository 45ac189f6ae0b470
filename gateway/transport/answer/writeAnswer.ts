import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { sendText } from '../sendText.js';
import type { Answer } from './Answer.js';

/** Where an answer goes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly cors: Readonly<Record<string, string>>;
  /** Aborted when the response is closed, by whoever. */
  readonly gone: AbortSignal;
}

export function writeAnswer(exchange: Exchange, { status, headers, text }: Answer): void {
  const all = allHeaders(exchange, headers);
  // What is left of a body is not read, so nothing can follow on this connection.
  if (!exchange.request.complete) all['connection'] = 'close';
  sendText(exchange.response, status, text, all);
}

/** With those that let the asking page read it. */
export function allHeaders({ cors }: Exchange, headers: Readonly<Record<string, string>>): OutgoingHttpHeaders {
  return { ...cors, ...headers, vary: [cors['vary'], headers['vary']].filter(Boolean).join(', ') };
}
