import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBytes } from '../../subgraphs/shared/readBody.js';
import type { Authenticate } from '../context/authenticate.js';
import type { Metrics } from '../telemetry/createMetrics.js';
import { traceOperation } from '../telemetry/traceOperation.js';
import { failedAnswer, toAnswer } from './answer/Answer.js';
import { writeAnswer, type Exchange } from './answer/writeAnswer.js';
import { performOperation, type PerformOptions } from './performOperation.js';
import { parseBody, parseSearch, readGraphqlRequest } from './request/graphqlRequest.js';
import { readAccept, type Accepted } from './request/readAccept.js';
import { refuseCrossSite } from './request/refuseCrossSite.js';
import { landingPage } from './runOperation.js';

export interface GraphqlOverHttpOptions extends PerformOptions {
  readonly authenticate: Authenticate;
  readonly metrics: Pick<Metrics, 'httpRequest'>;
}

/**
 * GraphQL over HTTP: POST with JSON, GET for queries. (other sites →) read → authenticate → parse → known document → check → execute →
 * negotiate → write. Always answers; a client that goes away aborts its operation.
 */
export function graphqlOverHttp(options: GraphqlOverHttpOptions) {
  const { apollo, authenticate, clock, randomHex, metrics, log } = options;
  const perform = performOperation(options);

  const answer = async (exchange: Exchange, accepted: Accepted): Promise<void> => {
    const { request, response } = exchange;
    const { headers, method, url = '/' } = request;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const isRead = method !== 'POST';
    if (isRead && accepted.page) return writePage(exchange, await landingPage(apollo));
    refuseCrossSite(headers);
    const bytes = isRead ? null : await readBytes(request);
    const caller = await authenticate(headers.authorization);
    const asked = bytes ? readGraphqlRequest(parseBody(headers, bytes)) : parseSearch(searchOf(url));
    const takes = { takesWhole: accepted.single !== null, takesParts: false, takesEvents: false };
    const outcome = await perform(asked, { caller, headers, isRead, gone: gone.signal, ...takes });
    if (outcome.kind === 'whole') writeAnswer(exchange, toAnswer(outcome.answer, accepted, clock()));
  };

  const answerAlways = (exchange: Exchange): Promise<void> => {
    const accepted = readAccept(exchange.request.headers.accept);
    return answer(exchange, accepted).catch((error: unknown) => {
      // The request itself was not understood, or its sender, so every client gets the true status.
      const failed = failedAnswer(error, randomHex(16), log);
      writeAnswer(exchange, toAnswer(failed, { ...accepted, expectsOk: false }, clock()));
    });
  };

  return (request: IncomingMessage, response: ServerResponse, cors: Record<string, string>): Promise<void> =>
    traceOperation(request.headers['traceparent'], async (span) => {
      const started = performance.now();
      await answerAlways({ request, response, cors });
      const { method = 'GET' } = request;
      const { statusCode } = response;
      span.set({ 'http.request.method': method, 'http.response.status_code': statusCode });
      if (statusCode >= 500) span.failed(String(statusCode));
      metrics.httpRequest(method, statusCode, (performance.now() - started) / 1000);
    });
}

function searchOf(url: string): string {
  const from = url.indexOf('?');
  return from < 0 ? '' : url.slice(from);
}

function writePage(exchange: Exchange, text: string): void {
  writeAnswer(exchange, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', vary: 'accept' }, text });
}
