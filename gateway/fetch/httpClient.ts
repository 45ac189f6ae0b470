import { isAborted } from './isAborted.js';
import type { Buffer } from 'node:buffer';
import type { Logger } from 'pino';
import { LIMITS } from '../config/limits.js';
import { FetchError, timeIsOver } from './FetchError.js';
import { createTransport, type TransportOptions } from './http/createTransport.js';
import { TransportError, type HttpRequest, type Receiver } from './http/Transport.js';
import type { AnswerReader } from './knownAnswers.js';
import { readAnswer } from './readAnswer.js';
import { requestBody } from './requestBody.js';
import { retryAfterMs } from './retryAfter.js';
import type {
  FetchContext,
  Refusal,
  SubgraphCall,
  SubgraphClient,
  SubgraphOperation,
  SubgraphResponse,
} from './SubgraphClient.js';
import { Watch, type Watched } from './Watch.js';

export interface HttpClientOptions {
  readonly name: string;
  readonly url: string;
  /** Headers that vouch for the call, made from its body. Only subgraphs of the mesh get any. */
  readonly sign?: (body: string, context: FetchContext) => Promise<Record<string, string>>;
  /** Headers of the client's that the subgraph is given by a rule. Default: none. */
  readonly propagate?: (context: FetchContext) => Readonly<Record<string, string>>;
  /** Epoch milliseconds, as in the deadline that comes with a call. */
  readonly clock: () => number;
  /** Told once, with the raw error, when the subgraph cannot be reached any more. */
  readonly log?: Logger;
  /** Default: each answer is read by itself. */
  readonly read?: AnswerReader;
  /** What a call may take at most, even if its deadline is later. Default: as long as any operation may take. */
  readonly timeoutMs?: number;
  /** Calls at the same time. Default 100. */
  readonly maxConcurrent?: number;
  /** Calls that wait for their turn. Default 1,000. */
  readonly maxQueued?: number;
  /** Default 64 MiB. */
  readonly maxResponseBytes?: number;
  /** Default auto. */
  readonly protocol?: TransportOptions['protocol'];
  /** See TransportOptions. */
  readonly ca?: string | undefined;
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * A subgraph over HTTP. A call may take until its own deadline. Follows no redirect, and forwards no header of the client's but by a
 * rule; the subgraph is told the trace.
 */
export function httpClient(options: HttpClientOptions): SubgraphClient {
  const { name, url, sign, propagate, clock, log, protocol = 'auto', ca } = options;
  const { timeoutMs = LIMITS.maxDeadlineMs, maxConcurrent = 100, maxQueued = 1_000 } = options;
  const { read = (_operation, bytes) => readAnswer(bytes, 200), maxResponseBytes = 64 * 1024 * 1024 } = options;
  const connectTimeoutMs = Math.min(timeoutMs, CONNECT_TIMEOUT_MS);
  const transport = createTransport({ url, protocol, ca, maxResponseBytes, connectTimeoutMs });
  const watch = new Watch();
  const queue = new Set<Call>();
  let running = 0;
  let isReached = true;

  const reached = (error?: TransportError): void => {
    if (error && isReached) log?.warn({ err: error.cause ?? error, service: name }, 'a subgraph does not answer');
    isReached = !error;
  };

  /** One call from when it is made until it is settled, in the queue and on the way. */
  class Call implements Receiver, Watched {
    place = -1;
    readonly endsAt: number;
    private readonly context: FetchContext;
    private readonly isBoundByOperation: boolean;
    private cancel: (() => void) | undefined;
    private readonly request: HttpRequest;
    private readonly operation: SubgraphOperation;
    private readonly resolve: (response: SubgraphResponse) => void;
    private readonly reject: (error: FetchError) => void;

    constructor(
      request: HttpRequest,
      operation: SubgraphOperation,
      context: FetchContext,
      resolve: (response: SubgraphResponse) => void,
      reject: (error: FetchError) => void,
    ) {
      this.request = request;
      this.operation = operation;
      this.resolve = resolve;
      this.reject = reject;
      const leftMs = Math.max(1, context.request.deadlineAt - clock());
      this.context = context;
      this.isBoundByOperation = leftMs <= timeoutMs;
      this.endsAt = performance.now() + Math.min(timeoutMs, leftMs);
    }

    isGone(): boolean {
      return isAborted(this.context);
    }

    start(): void {
      if (this.isGone()) return this.reject(timeIsOver(name));
      if (running >= maxConcurrent) {
        if (queue.size >= maxQueued) return this.reject(tooMany(name, maxConcurrent, maxQueued));
        queue.add(this);
      } else {
        this.begin();
      }
      watch.add(this);
    }

    answered(status: number, body: Buffer, retryAfter: string | undefined): void {
      this.ended();
      reached();
      const refusal = status >= 502 && status <= 504 ? { retryAfterMs: retryAfterMs(retryAfter, clock()) } : undefined;
      try {
        const response = status === 200 ? read(this.operation, body) : readAnswer(body, status);
        this.resolve(refusal ? { ...response, refusal } : response);
      } catch (error) {
        this.reject(failure(name, error as TransportError, refusal));
      }
    }

    failed(error: TransportError): void {
      this.ended();
      reached(error);
      this.reject(failure(name, error));
    }

    stop(why: 'late' | 'gone'): void {
      const isOfOperation = why === 'gone' || this.isBoundByOperation;
      if (queue.delete(this)) return this.reject(isOfOperation ? timeIsOver(name) : tooMany(name, maxConcurrent, queue.size));
      this.cancel?.();
      this.ended();
      this.reject(isOfOperation ? timeIsOver(name) : tooLate(name, timeoutMs));
    }

    private begin(): void {
      running++;
      this.cancel = transport.send(this.request, this);
    }

    private ended(): void {
      watch.remove(this);
      running--;
      const [next] = queue;
      if (!next) return;
      queue.delete(next);
      next.begin();
    }
  }

  const send = (body: string, headers: Readonly<Record<string, string>>, { operation }: SubgraphCall, context: FetchContext) =>
    new Promise<SubgraphResponse>((resolve, reject) => {
      const request = { headers, body, isRepeatable: operation.kind === 'query' };
      new Call(request, operation, context, resolve, reject).start();
    });

  return {
    request: (call, context) => {
      const body = requestBody(call);
      const { traceparent } = context.request;
      const headers = { ...propagate?.(context), ...(traceparent !== undefined && { traceparent }) };
      if (!sign) return send(body, headers, call, context);
      return sign(body, context).then((signed) => send(body, { ...headers, ...signed }, call, context));
    },
    close: () => transport.close(),
  };
}

function tooLate(service: string, timeoutMs: number): FetchError {
  return new FetchError('SUBGRAPH_TIMEOUT', `The subgraph ${service} did not answer within ${timeoutMs} ms. Try again.`, {
    service,
  });
}

function tooMany(service: string, maxConcurrent: number, maxQueued: number): FetchError {
  const message = `${maxConcurrent} requests to the subgraph ${service} are on the way and ${maxQueued} wait. Try again later.`;
  return new FetchError('TOO_BUSY', message, { service, isOfSubgraph: false });
}

const TROUBLES = { unreachable: 'cannot be reached', broken: 'broke off the connection' };

/** In words; the system's error is for the log. */
function failure(service: string, error: TransportError, refusal?: Refusal): FetchError {
  const { kind, message } = error;
  const what = kind === 'improper' ? `did not answer properly (${message})` : TROUBLES[kind];
  return new FetchError('SUBREQUEST_FAILED', `The subgraph ${service} ${what}. Try again.`, {
    service,
    cause: error.cause ?? error,
    isPassing: kind !== 'improper' || refusal !== undefined,
    ...(refusal && { refusal }),
  });
}
