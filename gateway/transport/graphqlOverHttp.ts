import type { ApolloServer } from '@apollo/server';
import { HeaderMap } from '@apollo/server';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { readBody } from '../../subgraphs/shared/readBody.js';
import { cacheControl } from '../cache/Freshness.js';
import type { Authenticate } from '../context/authenticate.js';
import { createCall, type Call } from '../context/createCall.js';
import { MeshError } from '../errors.js';
import type { Metrics } from '../telemetry/createMetrics.js';
import { traceOperation } from '../telemetry/traceOperation.js';
import { statusOf, toClientError } from './clientError.js';
import type { CallHolder } from './createApollo.js';
import { refuseDeepJson } from './jsonDepth.js';
import { sendJson, sendText } from './sendText.js';

export interface GraphqlOverHttpOptions {
  readonly apollo: ApolloServer<CallHolder>;
  readonly authenticate: Authenticate;
  readonly checkOperation: (source: string) => unknown;
  readonly clock: () => number;
  readonly randomHex: (bytes: number) => string;
  readonly metrics: Pick<Metrics, 'httpRequest'>;
  readonly log: Logger;
}

/** GraphQL over HTTP: POST with JSON, GET for queries. Always answers; a client that goes away aborts its operation. */
export function graphqlOverHttp(options: GraphqlOverHttpOptions) {
  const { apollo, authenticate, checkOperation, clock, randomHex, metrics, log } = options;
  const answer = async (request: IncomingMessage, response: ServerResponse, cors: Record<string, string>): Promise<void> => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    let call: Call | undefined;
    try {
      const search = request.url!.includes('?') ? request.url!.slice(request.url!.indexOf('?')) : '';
      const body = request.method === 'POST' ? parseJson(request, await readBody(request)) : undefined;
      if (body === undefined) refuseDeepJson(new URLSearchParams(search).get('variables') ?? '');
      const source = body === undefined ? new URLSearchParams(search).get('query') : sourceOf(body);
      const result = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method: request.method ?? 'GET', headers: headerMap(request), search, body },
        // Called after Apollo's check against cross-site requests and before anything is parsed.
        context: async () => {
          try {
            const caller = await authenticate(request.headers.authorization);
            const overGet = request.method === 'GET';
            call = createCall({ caller, headers: request.headers, overGet, gone: gone.signal, clock, randomHex });
            if (typeof source === 'string') checkOperation(source);
            return { call };
          } catch (error) {
            throw toClientError(error, call?.traceId ?? randomHex(16), log);
          }
        },
      });
      if (result.body.kind !== 'complete') throw new Error('an incremental answer that nobody asked for');
      const given = Object.fromEntries(result.headers);
      const isPage = given['content-type']?.startsWith('text/html');
      const headers = { ...cors, ...given, ...(!isPage && cacheHeaders(call, cors, clock())) };
      sendText(response, result.status ?? 200, result.body.string, headers);
    } catch (error) {
      const known = toClientError(error, randomHex(16), log);
      const { http: _, ...extensions } = known.extensions;
      const status = statusOf(String(extensions['code']));
      const more = { 'cache-control': 'no-store', ...(status === 413 && { connection: 'close' }) };
      sendJson(response, status, { errors: [{ message: known.message, extensions }] }, { ...cors, ...more });
    } finally {
      call?.end();
    }
  };
  return (request: IncomingMessage, response: ServerResponse, cors: Record<string, string>): Promise<void> =>
    traceOperation(request.headers['traceparent'], async (span) => {
      const started = performance.now();
      await answer(request, response, cors);
      const { method = 'GET' } = request;
      const { statusCode } = response;
      span.set({ 'http.request.method': method, 'http.response.status_code': statusCode });
      if (statusCode >= 500) span.failed(String(statusCode));
      metrics.httpRequest(method, statusCode, (performance.now() - started) / 1000);
    });
}

/** Whoever keeps an answer keeps it for this token only: what a caller may see depends on who that is. */
function cacheHeaders(call: Call | undefined, { vary }: Record<string, string>, now: number): Record<string, string> {
  return {
    'cache-control': cacheControl(call?.freshness() ?? null, now),
    vary: vary ? `${vary}, authorization` : 'authorization',
  };
}

function parseJson(request: IncomingMessage, text: string): unknown {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  // Without a JSON type the request might come from any page; Apollo Server explains what to send.
  if (type !== 'application/json') return {};
  refuseDeepJson(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MeshError('BAD_USER_INPUT', `The body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function sourceOf(body: unknown): unknown {
  return body !== null && typeof body === 'object' && 'query' in body ? body.query : undefined;
}

function headerMap({ headers }: IncomingMessage): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  return map;
}
