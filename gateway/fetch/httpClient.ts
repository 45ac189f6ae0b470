import type { Logger } from 'pino';
import { Pool } from 'undici';
import { LIMITS } from '../config/limits.js';
import { MeshError } from '../errors.js';
import { requestBody } from './requestBody.js';
import type { FetchContext, SubgraphCall, SubgraphClient, SubgraphResponse } from './SubgraphClient.js';

export interface HttpClientOptions {
  readonly name: string;
  readonly url: string;
  /** Headers that vouch for the call, made from its body. Only subgraphs of the mesh get any. */
  readonly sign?: (body: string, context: FetchContext) => Promise<Record<string, string>>;
  /** Epoch milliseconds, as in the deadline that comes with a call. */
  readonly clock: () => number;
  /** Told once, with the raw error, when the subgraph cannot be reached any more. */
  readonly log?: Logger;
  /** What a call may take at most, even if its deadline is later. Default: as long as any operation may take. */
  readonly timeoutMs?: number;
  /** Default 100. */
  readonly connections?: number;
  /** Default 64 MiB. */
  readonly maxResponseBytes?: number;
}

/**
 * A subgraph over HTTP/1.1 with kept connections. A call may take until its own deadline. Follows no redirect and forwards no header of
 * the client's; it is told the trace.
 */
export function httpClient(options: HttpClientOptions): SubgraphClient {
  const {
    name,
    url,
    sign,
    clock,
    log,
    timeoutMs = LIMITS.maxDeadlineMs,
    connections = 100,
    maxResponseBytes = 64 * 1024 * 1024,
  } = options;
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, {
    connections,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: Math.min(timeoutMs, 5_000) },
  });

  let isReached = true;

  return {
    request: async (call: SubgraphCall, context: FetchContext): Promise<SubgraphResponse> => {
      const body = requestBody(call);
      const { traceparent } = context.request;
      const leftMs = Math.max(1, context.request.deadlineAt - clock());
      const timeout = AbortSignal.timeout(Math.min(timeoutMs, leftMs));
      try {
        const signed = sign ? await sign(body, context) : {};
        const response = await pool.request({
          method: 'POST',
          path: `${pathname}${search}`,
          headers: {
            'content-type': 'application/json',
            accept: 'application/graphql-response+json, application/json',
            ...(traceparent !== undefined && { traceparent }),
            ...signed,
          },
          body,
          signal: AbortSignal.any([context.signal, timeout]),
        });
        isReached = true;
        const text = await readText(response.body, maxResponseBytes);
        return parseResponse(text, response.statusCode);
      } catch (cause) {
        const error = located(name, cause, {
          timedOut: timeout.aborted,
          gone: context.signal.aborted || (timeout.aborted && leftMs <= timeoutMs),
          timeoutMs,
        });
        if (error.code === 'SUBREQUEST_FAILED') {
          if (isReached) log?.warn({ err: cause, service: name }, 'a subgraph does not answer');
          isReached = false;
        }
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer is over ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseResponse(text: string, status: number): SubgraphResponse {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`HTTP ${status} without JSON`);
  }
  if (answer === null || typeof answer !== 'object' || (!('data' in answer) && !('errors' in answer))) {
    throw new Error(`HTTP ${status} without a GraphQL answer`);
  }
  const { data, errors } = answer as { data?: unknown; errors?: unknown };
  if (data !== undefined && data !== null && (typeof data !== 'object' || Array.isArray(data)))
    throw new Error('its data is not an object');
  if (errors !== undefined && errors !== null && !Array.isArray(errors)) throw new Error('its errors are not a list');
  return {
    data: (data ?? null) as Record<string, unknown> | null,
    ...(errors ? { errors: (errors as unknown[]).map(toFormattedError) } : {}),
  };
}

/** A subgraph may send anything as an error; what is not of the right type is left out. */
function toFormattedError(error: unknown): NonNullable<SubgraphResponse['errors']>[number] {
  const { message, path, extensions } = (error ?? {}) as { message?: unknown; path?: unknown; extensions?: unknown };
  return {
    message: typeof message === 'string' ? message : 'The subgraph reported an error without a message.',
    ...(Array.isArray(path) ? { path: path.filter((step) => typeof step === 'string' || typeof step === 'number') } : {}),
    ...(extensions !== null && typeof extensions === 'object' ? { extensions: extensions as Record<string, unknown> } : {}),
  };
}

function located(name: string, cause: unknown, state: { timedOut: boolean; gone: boolean; timeoutMs: number }): MeshError {
  const extensions = { service: name };
  const code = (cause as { code?: string }).code ?? '';
  if (state.gone)
    return new MeshError('DEADLINE_EXCEEDED', `The time of the operation was over before ${name} answered.`, {
      cause,
      extensions,
    });
  if (state.timedOut || /TIMEOUT/.test(code)) {
    return new MeshError('SUBGRAPH_TIMEOUT', `The subgraph ${name} did not answer within ${state.timeoutMs} ms. Try again.`, {
      cause,
      extensions,
    });
  }
  const { message } = cause as Error;
  const what = /^HTTP \d|^its |^the answer/.test(message) ? `did not answer properly (${message})` : troubleOf(code);
  return new MeshError('SUBREQUEST_FAILED', `The subgraph ${name} ${what}. Try again.`, { cause, extensions });
}

/** In words; the code of the system's error is for the log. */
function troubleOf(code: string): string {
  return /^UND_ERR_SOCKET$|^ECONNRESET$|^EPIPE$/.test(code) ? 'broke off the connection' : 'cannot be reached';
}
