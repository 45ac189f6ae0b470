import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { MeshError } from '../../errors.js';
import type { Exchange } from '../answer/writeAnswer.js';

/** Milliseconds until the worker that a request is handed over to has begun its answer. */
const BEGIN_MS = 10_000;
/** Of one connection each (RFC 9110, section 7.6.1), beside those that `connection` names. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/**
 * Has another worker answer a request, at its socket in the file system. Resolves when the answer has begun; what follows is passed on as
 * it comes, and when either end leaves the other one hears of it. Rejects with STREAM_NOT_FOUND when there is no such worker any more,
 * with TOO_BUSY when it does not begin in time.
 */
export async function handOver(address: string, exchange: Exchange, bytes: Buffer | null): Promise<void> {
  const { request, response, gone } = exchange;
  const body = bytes ?? Buffer.alloc(0);
  const headers = { ...withoutHops(request.headers), 'content-length': String(body.length) };
  const asking = httpRequest({
    socketPath: address,
    method: request.method,
    path: request.url,
    headers,
    agent: false,
    signal: gone,
  });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new MeshError('TOO_BUSY', 'The worker that has this event stream does not answer. Try again.'));
      asking.destroy();
    }, BEGIN_MS);
    asking.once('response', resolve);
    asking.on('error', (cause) => {
      reject(
        new MeshError('STREAM_NOT_FOUND', 'The worker that had this event stream has ended. Reserve another with PUT.', {
          cause,
        }),
      );
    });
    asking.once('close', () => clearTimeout(late));
    asking.once('response', () => clearTimeout(late));
    asking.end(body);
  });
  exchange.isHandedOver = true;
  response.writeHead(answer.statusCode!, withoutHops(answer.headers));
  response.flushHeaders();
  // A broken answer must not look like a whole one.
  answer.on('error', () => response.destroy());
  answer.pipe(response);
}

function withoutHops(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const left = { ...headers };
  for (const name of [...HOP_BY_HOP, ...named]) delete left[name];
  return left;
}
