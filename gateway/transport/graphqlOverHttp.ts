import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBytes } from '../../subgraphs/shared/readBody.js';
import type { Authenticate, Caller } from '../context/authenticate.js';
import type { Metrics } from '../telemetry/createMetrics.js';
import { traceOperation } from '../telemetry/traceOperation.js';
import { failedAnswer, toAnswer, toRefusal } from './answer/Answer.js';
import { writeAnswer, type Exchange } from './answer/writeAnswer.js';
import { performOperation, type PerformOptions } from './performOperation.js';
import { parseBody, parseSearch, readGraphqlRequest, type GraphqlRequest } from './request/graphqlRequest.js';
import { readAccept, type Accepted } from './request/readAccept.js';
import { refuseCrossSite } from './request/refuseCrossSite.js';
import { landingPage } from './runOperation.js';
import { createSseConnections, TOKEN_HEADER } from './streams/createSseConnections.js';
import type { Streams } from './streams/createStreams.js';
import { serveStream } from './streams/serveStream.js';
import { MULTIPART_EVENTS, MULTIPART_PARTS, SSE, withHasNext } from './streams/StreamForm.js';

export interface GraphqlOverHttp {
  answer(request: IncomingMessage, response: ServerResponse, cors: Record<string, string>): Promise<void>;
  close(): void;
}

export interface GraphqlOverHttpOptions extends PerformOptions {
  readonly streams: Streams;
  readonly authenticate: Authenticate;
  readonly metrics: Pick<Metrics, 'httpRequest'>;
}

/**
 * GraphQL over HTTP: POST with JSON, GET for queries; events and answers in parts for who accepts them. (other sites →) read →
 * authenticate → parse → known document → check → execute → negotiate → write. Always answers; a client that goes away aborts its operation.
 */
export function graphqlOverHttp(options: GraphqlOverHttpOptions): GraphqlOverHttp {
  const { apollo, authenticate, streams, clock, randomHex, metrics, log } = options;
  const perform = performOperation(options);
  const sse = createSseConnections({ streams, perform, randomHex, log });

  const answer = async (exchange: Exchange, accepted: Accepted): Promise<void> => {
    const { request } = exchange;
    const { headers, method = 'GET', url = '/' } = request;
    if (isReading(method) && accepted.page) return writePage(exchange, await landingPage(apollo));
    refuseCrossSite(headers);
    const bytes = method === 'POST' ? await readBytes(request) : null;
    const caller = await authenticate(headers.authorization);
    const token = headers[TOKEN_HEADER];
    if (method === 'PUT') return writeText(exchange, 201, sse.reserve(caller));
    if (method === 'DELETE') {
      sse.stop(String(token), caller, new URLSearchParams(searchOf(url)).get('operationId'));
      return writeText(exchange, 200, '');
    }
    if (token !== undefined && method === 'GET') return sse.open(String(token), caller, exchange);
    const asked = bytes ? readGraphqlRequest(parseBody(headers, bytes)) : parseSearch(searchOf(url));
    if (token !== undefined) {
      sse.start(String(token), asked, { caller, headers });
      return writeText(exchange, 202, '');
    }
    await answerOperation(exchange, accepted, asked, caller);
  };

  const answerOperation = async (
    exchange: Exchange,
    accepted: Accepted,
    asked: GraphqlRequest,
    caller: Caller,
  ): Promise<void> => {
    const { headers, method = 'GET' } = exchange.request;
    const { single, incremental, stream } = accepted;
    const outcome = await perform(asked, {
      caller,
      headers,
      isRead: isReading(method),
      gone: exchange.gone,
      takesWhole: single !== null || stream === 'sse',
      takesParts: incremental && method !== 'HEAD',
      takesEvents: stream !== null && method !== 'HEAD',
    });
    switch (outcome.kind) {
      case 'whole':
        return writeAnswer(exchange, toAnswer(outcome.answer, accepted, clock()));
      case 'events': {
        const { events, traceId } = outcome;
        // The request is answered with the head; its span and its time end there.
        void serveStream(streams, exchange, stream === 'sse' ? SSE : MULTIPART_EVENTS, { source: events, traceId, log });
        return;
      }
      case 'parts': {
        const { answer: initial, rest, call } = outcome;
        const parts = { first: withHasNext(initial.text, true), source: rest, traceId: call.traceId, log };
        return serveStream(streams, exchange, MULTIPART_PARTS, parts).finally(() => call.end());
      }
    }
  };

  const answerAlways = (exchange: Exchange): Promise<void> => {
    const accepted = readAccept(exchange.request.headers.accept);
    return answer(exchange, accepted).catch((error: unknown) =>
      writeAnswer(exchange, toRefusal(failedAnswer(error, randomHex(16), log), accepted, clock())),
    );
  };

  return { answer: traced(metrics, answerAlways), close: () => sse.close() };
}

function traced(metrics: GraphqlOverHttpOptions['metrics'], answer: (exchange: Exchange) => Promise<void>) {
  return (request: IncomingMessage, response: ServerResponse, cors: Record<string, string>): Promise<void> =>
    traceOperation(request.headers['traceparent'], async (span) => {
      const started = performance.now();
      const gone = new AbortController();
      setMaxListeners(0, gone.signal);
      response.once('close', () => gone.abort());
      await answer({ request, response, cors, gone: gone.signal });
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

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function writeText(exchange: Exchange, status: number, text: string): void {
  writeAnswer(exchange, { status, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }, text });
}

function writePage(exchange: Exchange, text: string): void {
  writeAnswer(exchange, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', vary: 'accept' }, text });
}
