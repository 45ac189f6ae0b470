import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBytes } from '../../subgraphs/shared/readBody.js';
import { viewOf } from '../cache/viewOf.js';
import type { Siblings } from '../cluster/Siblings.js';
import type { HttpConfig } from '../config/httpConfig.js';
import type { Authenticate, Caller } from '../context/authenticate.js';
import { MeshError } from '../errors.js';
import type { ToldHeaders } from '../fetch/toldHeaders.js';
import type { Metrics } from '../telemetry/createMetrics.js';
import { traceOperation } from '../telemetry/traceOperation.js';
import { failedAnswer, textOf, toAnswer, toRefusal, type OperationAnswer } from './answer/Answer.js';
import { OpenExchange } from './answer/OpenExchange.js';
import { writeAnswer, type Exchange } from './answer/writeAnswer.js';
import { createFlights } from './createFlights.js';
import { performOperation, type Asking, type PerformOptions } from './performOperation.js';
import { isBatch, parseRequest, readGraphqlRequest, type Batch, type GraphqlRequest } from './request/graphqlRequest.js';
import { readAccept, type Accepted } from './request/readAccept.js';
import { refuseCrossSite } from './request/refuseCrossSite.js';
import { landingPage } from './runOperation.js';
import { answerSharedStream, isOfSharedStream } from './streams/answerSharedStream.js';
import { createSseConnections } from './streams/createSseConnections.js';
import type { Streams } from './streams/createStreams.js';
import { serveStream } from './streams/serveStream.js';
import { MULTIPART_EVENTS, MULTIPART_PARTS, SSE, withHasNext } from './streams/StreamForm.js';

export interface GraphqlOverHttp {
  answer(request: IncomingMessage, response: ServerResponse, cors: Record<string, string>): Promise<void>;
  close(): void;
}

export interface GraphqlOverHttpOptions extends PerformOptions, Pick<HttpConfig, 'batchLimit' | 'compression'> {
  /** Whether equal queries that meet get one answer. */
  readonly sharesOperations: boolean;
  readonly toldHeaders: ToldHeaders;
  readonly streams: Streams;
  /** Left out: this process serves alone. */
  readonly siblings?: Siblings | undefined;
  readonly authenticate: Authenticate;
  readonly metrics: Pick<Metrics, 'httpRequest'>;
}

/**
 * GraphQL over HTTP: POST with JSON, GET for queries; events and answers in parts for who accepts them. (other sites →) read →
 * authenticate → parse → known document → check → execute → negotiate → write. Always answers; a client that goes away aborts its operation.
 */
export function graphqlOverHttp(options: GraphqlOverHttpOptions): GraphqlOverHttp {
  const { apollo, operations, authenticate, streams, sharesOperations, toldHeaders, clock, randomHex, batchLimit, log } = options;
  const perform = performOperation(options);
  const sse = createSseConnections({ streams, perform, randomHex, siblings: options.siblings, log });
  const flights = createFlights<OperationAnswer>();

  const answer = async (exchange: Exchange, accepted: Accepted): Promise<void> => {
    const { request } = exchange;
    const { headers, method = 'GET' } = request;
    if (isReading(method) && accepted.page) return writePage(exchange, await landingPage(apollo));
    refuseCrossSite(headers);
    const bytes = method === 'POST' ? await readBytes(request) : null;
    const caller = await authenticate(headers.authorization);
    if (isOfSharedStream(exchange)) return answerSharedStream(sse, exchange, caller, bytes);
    const key =
      bytes && sharesOperations && isWhole(accepted)
        ? questionOf(exchange, caller, bytes, `${operations.moment()}\n${toldHeaders(headers)}`)
        : null;
    const making = key === null ? undefined : flights.join(key, exchange.response);
    if (making) return writeAnswer(exchange, toAnswer(await making, accepted, clock()));
    const asked = parseRequest(request, bytes);
    if (isBatch(asked)) return answerBatch(exchange, accepted, asked, caller);
    if (key === null) return answerOperation(exchange, accepted, asked, caller);
    const answer = await flights.start(key, exchange.response, (gone, onAnswersAlike) =>
      performWhole(asked, { caller, headers, isRead: false, gone, onAnswersAlike, takesWhole: true }),
    );
    return writeAnswer(exchange, toAnswer(answer, accepted, clock()));
  };

  const performWhole = async (
    asked: GraphqlRequest,
    asking: Omit<Asking, 'takesParts' | 'takesEvents'>,
  ): Promise<OperationAnswer> => {
    const outcome = await perform(asked, { ...asking, takesParts: false, takesEvents: false });
    if (outcome.kind === 'whole') return outcome.answer;
    throw new TypeError('parts and events were not asked for');
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
        const parts = { first: withHasNext(textOf(initial), true), source: rest, traceId: call.traceId, log };
        return serveStream(streams, exchange, MULTIPART_PARTS, parts).finally(() => call.end());
      }
    }
  };

  /** Each operation is answered by itself, as if it had come alone; only what has no end or many parts does not go into a list. */
  const answerBatch = async (exchange: Exchange, accepted: Accepted, batch: Batch, caller: Caller): Promise<void> => {
    refuseBatch(batch, batchLimit, accepted);
    const { headers } = exchange.request;
    const asking = { caller, headers, isRead: false, gone: exchange.gone, takesWhole: true };
    const texts = batch.map(async (item) => {
      try {
        return textOf(await performWhole(readGraphqlRequest(item), asking));
      } catch (error) {
        return textOf(failedAnswer(error, randomHex(16), log));
      }
    });
    const text = `[${(await Promise.all(texts)).join(',')}]`;
    return writeAnswer(exchange, toAnswer({ status: 200, bytes: Buffer.from(text), freshness: null }, accepted, clock()));
  };

  const answerAlways = (exchange: Exchange): Promise<void> => {
    const accepted = readAccept(exchange.request.headers.accept);
    return answer(exchange, accepted).catch((error: unknown) =>
      writeAnswer(exchange, toRefusal(failedAnswer(error, randomHex(16), log), accepted, clock())),
    );
  };

  return { answer: traced(options, answerAlways), close: () => sse.close() };
}

function traced({ metrics, compression: compresses }: GraphqlOverHttpOptions, answer: (exchange: Exchange) => Promise<void>) {
  return (request: IncomingMessage, response: ServerResponse, cors: Record<string, string>): Promise<void> =>
    traceOperation(request.headers['traceparent'], async (span) => {
      const started = performance.now();
      const exchange = new OpenExchange(request, response, cors, compresses);
      await answer(exchange);
      const { method = 'GET' } = request;
      const { statusCode } = response;
      span.set({ 'http.request.method': method, 'http.response.status_code': statusCode });
      if (statusCode >= 500) span.failed(String(statusCode));
      if (!exchange.isHandedOver) metrics.httpRequest(method, statusCode, (performance.now() - started) / 1000);
    });
}

function isWhole({ single, incremental, stream }: Accepted): boolean {
  return single !== null && !incremental && stream === null;
}

/** All that can change an answer, as text: who asks, what, and since when. Null: something else may. */
function questionOf({ request: { headers } }: Exchange, { principal }: Caller, bytes: Buffer, rest: string): string | null {
  if (headers['x-mesh-after'] ?? headers['x-mesh-deadline-ms'] ?? headers['x-mesh-budget-usd']) return null;
  return `${rest}\n${headers['content-type']}\n${headers['content-encoding']}\n${viewOf(principal, true)}\n${bytes.toString('latin1')}`;
}

function refuseBatch({ length }: Batch, limit: number, { single }: Accepted): void {
  if (limit === 0)
    throw new MeshError('BAD_USER_INPUT', 'Lists of operations are not taken here (MESH_BATCH_LIMIT). Send them one by one.');
  if (length > limit)
    throw new MeshError('BAD_USER_INPUT', `A list may have ${limit} operations, this one has ${length}. Send several.`);
  if (length === 0) throw new MeshError('BAD_USER_INPUT', 'The list has no operations.');
  if (single === null) throw new MeshError('NOT_ACCEPTABLE', 'Lists are answered in JSON. Accept application/json.');
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function writePage(exchange: Exchange, text: string): Promise<void> {
  return writeAnswer(exchange, {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', vary: 'accept' },
    bytes: Buffer.from(text),
  });
}
