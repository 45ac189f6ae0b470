import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Answers once, with a length and without an ETag; does nothing when the client is gone. */
export function sendBytes(response: ServerResponse, status: number, bytes: Buffer, headers: OutgoingHttpHeaders): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'x-content-type-options': 'nosniff', ...headers, 'content-length': bytes.length });
  response.end(bytes);
}

export function sendText(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  sendBytes(response, status, Buffer.from(text), { 'content-type': 'text/plain; charset=utf-8', ...headers });
}

export function sendJson(response: ServerResponse, status: number, value: unknown, headers: OutgoingHttpHeaders = {}): void {
  sendText(response, status, JSON.stringify(value), { 'content-type': 'application/json; charset=utf-8', ...headers });
}
