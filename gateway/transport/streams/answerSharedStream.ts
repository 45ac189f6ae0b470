import type { Caller } from '../../context/authenticate.js';
import { writeAnswer, type Exchange } from '../answer/writeAnswer.js';
import { parseBody, readGraphqlRequest } from '../request/graphqlRequest.js';
import { TOKEN_HEADER, type SseConnections } from './createSseConnections.js';
import { handOver } from './handOver.js';

/** Whether a request is about a stream that many operations share. */
export function isOfSharedStream({ request }: Exchange): boolean {
  return request.method === 'PUT' || request.method === 'DELETE' || request.headers[TOKEN_HEADER] !== undefined;
}

/** PUT reserves a stream, GET opens it, POST starts an operation in it, DELETE ends one. Rejects with what `SseConnections` throws, and `handOver`. */
export async function answerSharedStream(
  sse: SseConnections,
  exchange: Exchange,
  caller: Caller,
  bytes: Buffer | null,
): Promise<void> {
  const { headers, method, url = '/' } = exchange.request;
  const token = String(headers[TOKEN_HEADER]);
  const elsewhere = method === 'PUT' ? null : sse.elsewhere(token);
  if (elsewhere !== null) return handOver(elsewhere, exchange, bytes);
  if (method === 'PUT') return writeText(exchange, 201, sse.reserve(caller));
  if (method === 'DELETE') {
    sse.stop(token, caller, new URL(url, 'http://localhost').searchParams.get('operationId'));
    return writeText(exchange, 200, '');
  }
  if (bytes === null) return sse.open(token, caller, exchange);
  sse.start(token, readGraphqlRequest(parseBody(headers, bytes)), { caller, headers });
  return writeText(exchange, 202, '');
}

function writeText(exchange: Exchange, status: number, text: string): Promise<void> {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  return writeAnswer(exchange, { status, headers, bytes: Buffer.from(text) });
}
