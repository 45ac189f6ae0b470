import type { IncomingMessage } from 'node:http';
import { MeshError } from './errors.js';

export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** The whole body as text; see readBytes. Bytes that are not UTF-8 are replaced. */
export async function readBody(request: IncomingMessage, maxBytes: number = MAX_BODY_BYTES): Promise<string> {
  return (await readBytes(request, maxBytes)).toString('utf8');
}

/** The whole body. Rejects with REQUEST_TOO_LARGE over 2 MB, as soon as that is known, and reads no further. */
export async function readBytes(request: IncomingMessage, maxBytes: number = MAX_BODY_BYTES): Promise<Buffer> {
  const tooLarge = (): MeshError => new MeshError('REQUEST_TOO_LARGE', `The body is over ${maxBytes} bytes. Send less.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // Listeners and not `for await`, which would destroy the socket on the way out, and with it the answer.
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) return void chunks.push(chunk);
      request.pause();
      reject(tooLarge());
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    // Both mean that the client is gone, which is nobody's fault here.
    const cutOff = (cause?: Error): void =>
      reject(new MeshError('BAD_USER_INPUT', 'The connection was closed before the body ended.', { cause }));
    request.once('error', cutOff);
    request.once('close', () => {
      if (!request.complete) cutOff();
    });
  });
}
