import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../errors.js';

type Refusal = readonly [status: string, code: ErrorCode, message: string];

const NOT_HTTP: Refusal = ['400 Bad Request', 'BAD_USER_INPUT', 'The request is not HTTP/1.1 that can be read.'];

const REASONS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'REQUEST_TOO_LARGE',
    'The headers are too large. Send less than 16 KB.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'BAD_USER_INPUT', 'The request did not come in time.'],
};

/** Answers what is no HTTP, and closes the connection. On one that has carried an answer it only closes: nothing may get into that. */
export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex & { readonly bytesWritten?: number }): void {
  if (error.code === 'ECONNRESET' || !socket.writable || (socket.bytesWritten ?? 0) > 0) return void socket.destroy();
  refuseOnSocket(socket, REASONS[error.code ?? ''] ?? NOT_HTTP);
}

/** Answers on a socket that Node's server has let go of, and closes it. */
export function refuseOnSocket(socket: Duplex, [status, code, message]: Refusal): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
