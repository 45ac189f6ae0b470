import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { sendText } from '../sendText.js';
import type { Answer } from './Answer.js';

/** Where an answer goes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly cors: Readonly<Record<string, string>>;
}

export function writeAnswer({ request, response, cors }: Exchange, { status, headers, text }: Answer): void {
  const all: OutgoingHttpHeaders = { ...cors, ...headers, vary: bothVary(cors['vary'], headers['vary']) };
  // What is left of a body is not read, so nothing can follow on this connection.
  if (!request.complete) all['connection'] = 'close';
  sendText(response, status, text, all);
}

function bothVary(...lists: readonly (string | undefined)[]): string {
  return lists.filter(Boolean).join(', ');
}
