import type { RequestContext } from '../../subgraphs/shared/requestContext.js';
import { parseUsd, type PicoUsd } from '../../subgraphs/shared/money.js';
import { currentTraceparent } from '../../subgraphs/shared/telemetry/withSpan.js';
import type { Freshness } from '../cache/Freshness.js';
import { LIMITS } from '../config/limits.js';
import { MeshError } from '../errors.js';
import type { FetchContext } from '../fetch/SubgraphClient.js';
import type { Caller } from './authenticate.js';
import { LazyAbort } from './LazyAbort.js';
import { traceContext } from './traceContext.js';

/** One operation of one caller: who, until when, under which trace and budget. */
export interface Call extends FetchContext {
  readonly request: RequestContext;
  /** Aborted when the client is gone or the deadline is over. */
  readonly signal: AbortSignal;
  /** See Caller. */
  readonly expiresAt: number | null;
  readonly traceId: string;
  /** What all routed fields of the operation together may cost. Null: no limit from the caller. */
  readonly budget: PicoUsd | null;
  /** A cursor of an event that what answers the call must have heard of. Null: none. */
  readonly after: string | null;
  /** Routed fields are effects and refused over GET. */
  readonly overGet: boolean;
  /** Notes that every caller with the same view would get the same answer, and that nobody has to be put on record for it. */
  answersAlike(): void;
  /** Notes how long the answer holds. */
  answered(freshness: Freshness | null): void;
  /** Null: the answer may not be kept, or is not there. */
  freshness(): Freshness | null;
  /** Lets go of the deadline's timer. */
  end(): void;
}

export interface CallOptions {
  readonly caller: Caller;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly overGet: boolean;
  /** Fires when the client is gone. A LazyAbort is this operation's alone, and the deadline fires it too. */
  readonly gone: AbortSignal | LazyAbort;
  readonly clock: () => number;
  readonly randomHex: (bytes: number) => string;
  /** False for a subscription, which lives as long as its client; each event gets a deadline of its own. */
  readonly deadline?: boolean;
  /** Called when that is known, synchronously with the beginning of the operation. */
  readonly onAnswersAlike?: () => void;
}

/** Throws BAD_USER_INPUT for a header that does not hold, UNAUTHENTICATED when the token has expired since it was verified. The caller of this ends the call, whatever comes. */
export function createCall({
  caller,
  headers,
  overGet,
  gone,
  clock,
  randomHex,
  deadline = true,
  onAnswersAlike,
}: CallOptions): Call {
  if (caller.expiresAt !== null && caller.expiresAt <= clock())
    throw new MeshError('UNAUTHENTICATED', 'The token has expired. Connect with a new one.');
  const deadlineMs = readDeadline(headerText(headers, 'x-mesh-deadline-ms'));
  const budget = readBudget(headerText(headers, 'x-mesh-budget-usd'));
  const trace = traceContext(headerText(headers, 'traceparent'), randomHex, currentTraceparent());
  const over = gone instanceof LazyAbort ? gone : new LazyAbort();
  const timer = deadline ? setTimeout(() => over.abort(), deadlineMs) : undefined;
  const leave = (): void => over.abort();
  if (gone instanceof AbortSignal) {
    if (gone.aborted) leave();
    else gone.addEventListener('abort', leave, { once: true });
  }
  return new OpenCall(
    {
      request: {
        principal: caller.principal,
        operationId: randomHex(16),
        deadlineAt: clock() + deadlineMs,
        traceparent: trace.traceparent,
      },
      expiresAt: caller.expiresAt,
      headers,
      traceId: trace.traceId,
      budget,
      after: headerText(headers, 'x-mesh-after') ?? null,
      overGet,
    },
    over,
    onAnswersAlike,
    () => {
      clearTimeout(timer);
      if (gone instanceof AbortSignal) gone.removeEventListener('abort', leave);
    },
  );
}

type Told = Pick<Call, 'request' | 'expiresAt' | 'traceId' | 'budget' | 'after' | 'overGet'> & {
  readonly headers: CallOptions['headers'];
};

/** A class for its getter: a literal with one has a hidden class of its own, which the garbage collector keeps for long. */
class OpenCall implements Call {
  readonly request: Told['request'];
  readonly expiresAt: Told['expiresAt'];
  readonly headers: Told['headers'];
  readonly traceId: string;
  readonly budget: Told['budget'];
  readonly after: Told['after'];
  readonly overGet: boolean;
  private readonly over: LazyAbort;
  private readonly onAnswersAlike: CallOptions['onAnswersAlike'];
  private readonly letGo: () => void;
  private known: Freshness | null = null;

  constructor(told: Told, over: LazyAbort, onAnswersAlike: CallOptions['onAnswersAlike'], letGo: () => void) {
    this.request = told.request;
    this.expiresAt = told.expiresAt;
    this.headers = told.headers;
    this.traceId = told.traceId;
    this.budget = told.budget;
    this.after = told.after;
    this.overGet = told.overGet;
    this.over = over;
    this.onAnswersAlike = onAnswersAlike;
    this.letGo = letGo;
  }

  get signal(): AbortSignal {
    return this.over.signal;
  }

  isAborted(): boolean {
    return this.over.isAborted();
  }

  answersAlike(): void {
    this.onAnswersAlike?.();
  }

  answered(freshness: Freshness | null): void {
    this.known = freshness;
  }

  freshness(): Freshness | null {
    return this.known;
  }

  end(): void {
    this.letGo();
  }
}

function readDeadline(text: string | undefined): number {
  if (text === undefined) return LIMITS.deadlineMs;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (ms < 1 || ms > LIMITS.maxDeadlineMs)
    throw new MeshError('BAD_USER_INPUT', `x-mesh-deadline-ms must be whole milliseconds from 1 to ${LIMITS.maxDeadlineMs}.`);
  return ms;
}

function readBudget(text: string | undefined): PicoUsd | null {
  if (text === undefined) return null;
  try {
    const budget = parseUsd(text);
    if (budget >= 0n) return budget;
  } catch {
    // Answered below, like a negative sum.
  }
  throw new MeshError('BAD_USER_INPUT', 'x-mesh-budget-usd must be a plain decimal sum of US dollars, for example 0.05.');
}

function headerText(headers: CallOptions['headers'], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
