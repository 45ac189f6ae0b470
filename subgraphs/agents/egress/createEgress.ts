import { SpanKind } from '@opentelemetry/api';
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { Agent, errors, Pool, request, type Dispatcher } from 'undici';
import { mayReach, type EgressRule } from '../../shared/egressRules.js';
import { currentTraceparent, withSpan } from '../../shared/telemetry/withSpan.js';
import { EgressError } from './EgressError.js';

export interface EgressRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** The one way out to agents and models. */
export interface Egress {
  /**
   * Resolves with whatever status the other side answers. Rejects with an EgressError (the body, while it is read, too) when the rules
   * forbid the call, the other side cannot be reached, is silent for too long or says too much; with the signal's reason once that is
   * aborted, and then the connection is closed.
   */
  fetch(url: string, request: EgressRequest): Promise<Response>;
  /** Breaks off what runs and closes every connection. */
  close(): Promise<void>;
}

export interface EgressOptions {
  /** Who may be called though the address is not public. */
  readonly allow: readonly EgressRule[];
  readonly connectTimeoutMs?: number;
  /** Until the headers of the answer are there. Deadlines of attempts are usually shorter. */
  readonly headersTimeoutMs?: number;
  /** Between two pieces of the body. */
  readonly idleTimeoutMs?: number;
  readonly maxResponseBytes?: number;
  /** Names to addresses, as dns.lookup does. */
  readonly lookup?: typeof systemLookup;
}

const CONNECTIONS_PER_ORIGIN = 64;
const MAX_ORIGINS = 256;
const KEEP_ALIVE_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * HTTP client with the rules of the mesh for outbound calls: http and https only; no redirects; a name is resolved once for each
 * connection, every address it has is judged, and the connection goes to a judged address, so that a name which changes between check
 * and use gains nothing; no compressed answers (they could unpack to any size); everything is bounded.
 */
export function createEgress(options: EgressOptions): Egress {
  const { allow, connectTimeoutMs = 5_000, headersTimeoutMs = 60_000, idleTimeoutMs = 30_000 } = options;
  const { maxResponseBytes = 4 * 1024 * 1024, lookup = systemLookup } = options;
  const agent = new Agent({
    connections: CONNECTIONS_PER_ORIGIN,
    maxOrigins: MAX_ORIGINS,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    maxResponseSize: maxResponseBytes,
    factory: (origin, given) => {
      const { hostname, port } = endOf(new URL(origin));
      const judged = judgedLookup(lookup, (address) => mayReach(allow, hostname, address, port));
      return new Pool(origin, { ...(given as Pool.Options), connect: { timeout: connectTimeoutMs, lookup: judged } });
    },
  });

  // The agent forgets pools that it has replaced, so that closing it does not end every call.
  const running = new Set<AbortController>();
  let closed = false;

  return {
    fetch: async (text, { method, headers, body, signal }) => {
      signal.throwIfAborted();
      const url = readUrl(text);
      const { hostname, port } = endOf(url);
      // A literal address is connected to without a lookup.
      if (isIP(hostname) !== 0 && !mayReach(allow, hostname, hostname, port)) throw notAllowed(hostname);
      if (closed) throw new EgressError('the process ends, and calls nobody any more', false);
      const controller = new AbortController();
      const abort = (): void => controller.abort(signal.reason);
      const end = (): void => {
        running.delete(controller);
        signal.removeEventListener('abort', abort);
      };
      running.add(controller);
      signal.addEventListener('abort', abort, { once: true });
      let answer: Dispatcher.ResponseData;
      try {
        const attributes = { 'http.request.method': method, 'server.address': hostname, 'server.port': port };
        answer = await withSpan(method, { kind: SpanKind.CLIENT, attributes }, async (span) => {
          const traceparent = currentTraceparent();
          const given = await request(url, {
            dispatcher: agent,
            method,
            headers: { ...headers, ...(traceparent !== undefined && { traceparent }), 'accept-encoding': 'identity' },
            body: body ?? null,
            signal: controller.signal,
          });
          span.set({ 'http.response.status_code': given.statusCode });
          if (given.statusCode >= 400) span.failed(String(given.statusCode));
          return given;
        });
      } catch (error) {
        end();
        throw controller.signal.aborted ? controller.signal.reason : toEgressError(error, hostname);
      }
      const { statusCode, body: received } = answer;
      // Whoever reads it learns of errors; when nobody does, they are nobody's business.
      received.on('error', () => undefined).once('close', end);
      const refusal = refusalOf(statusCode, answer.headers);
      if (refusal !== null) {
        received.destroy();
        throw new EgressError(`${hostname} ${refusal}`, true);
      }
      return new Response(hasBody(statusCode) ? readableOf(received, hostname, controller.signal) : null, {
        status: statusCode,
        headers: toHeaders(answer.headers),
      });
    },
    close: async () => {
      closed = true;
      for (const controller of running) controller.abort(new EgressError('the process ends, and the call was broken off', true));
      await agent.destroy();
    },
  };
}

function refusalOf(statusCode: number, headers: Dispatcher.ResponseData['headers']): string | null {
  if (statusCode >= 300 && statusCode < 400) return `answered with a redirect (${statusCode}), and redirects are not followed`;
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  return encoding === 'identity' ? null : 'answered compressed, which was not asked for';
}

function readUrl(text: string): URL {
  if (!URL.canParse(text)) throw new EgressError('the endpoint is not a URL', false);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new EgressError('the endpoint is not an http or https URL', false);
  if (url.username !== '' || url.password !== '') throw new EgressError('the endpoint has a user or a password in it', false);
  return url;
}

function endOf({ hostname, port, protocol }: URL): { hostname: string; port: number } {
  return {
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  };
}

/** A lookup that gives only addresses that may be reached, and fails when there is none. */
function judgedLookup(lookup: typeof systemLookup, allowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '', 0);
      const reachable = addresses.filter(({ address }) => allowed(address));
      const [first] = reachable;
      if (!first) return callback(notAllowed(hostname), '', 0);
      if (options.all) callback(null, reachable);
      else callback(null, first.address, first.family);
    });
  };
}

function notAllowed(hostname: string): EgressError {
  const way = 'MESH_EGRESS_ALLOW can name it';
  return new EgressError(`${hostname} is at an address that is not public, and such addresses are not called; ${way}`, false);
}

function hasBody(statusCode: number): boolean {
  return statusCode !== 204 && statusCode !== 205;
}

/** Errors of the body are put into words like those before it. */
function readableOf(received: Readable, hostname: string, signal: AbortSignal): ReadableStream<Uint8Array> {
  const iterator = received[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(new Uint8Array(value));
        } catch (error) {
          controller.error(signal.aborted ? signal.reason : toEgressError(error, hostname));
        }
      },
      cancel: () => void received.destroy(),
    },
    { highWaterMark: 0 },
  );
}

function toHeaders(received: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(received))
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) headers.append(name, each);
  return headers;
}

/** Neither addresses nor what a server said: a name and what happened. */
function toEgressError(error: unknown, hostname: string): EgressError {
  if (error instanceof EgressError) return error;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = (inner as { code?: unknown }).code;
  const say = (what: string, sent: boolean): EgressError => new EgressError(`${hostname} ${what}`, sent, error);
  if (inner instanceof errors.ConnectTimeoutError) return say('did not accept a connection in time', false);
  if (inner instanceof errors.HeadersTimeoutError) return say('did not begin to answer in time', true);
  if (inner instanceof errors.BodyTimeoutError) return say('fell silent in the middle of its answer', true);
  if (inner instanceof errors.ResponseExceededMaxSizeError) return say('answered with more than is allowed', true);
  if (inner instanceof errors.HeadersOverflowError) return say('answered with more headers than are allowed', true);
  if (inner instanceof errors.HTTPParserError) return say('did not answer with HTTP', true);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return say('has no address', false);
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return say('cannot be reached', false);
  if (code === 'ECONNRESET' || code === 'EPIPE' || inner instanceof errors.SocketError)
    return say('broke the connection off', true);
  if (typeof code === 'string' && /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code))
    return say(`has no valid certificate (${code})`, false);
  return say('could not be called', true);
}
