import { LazyAbort } from '../context/LazyAbort.js';
import { timeIsOver } from './FetchError.js';
import { isAborted } from './isAborted.js';
import type { FetchContext } from './SubgraphClient.js';
import { Watch, type Watched } from './Watch.js';

export interface InFlightOptions<Answer> {
  /** Who answers, for the error of those whose time is over. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** What several get of an answer that was made for one. */
  readonly toShared: (answer: Answer) => Answer;
}

/** What is on the way, under keys that say all that can change an answer. Whoever makes one may let go of it: then nobody joins any more. */
export type Alike<Answer> = Map<string, Flight<Answer>>;

/**
 * The answer to what is on the way already, or that of `start`, which is given a context of its own: it has more time than its first
 * caller, and its signal fires when nobody waits any more. Rejects as `start` does. When the caller's own time is over or he is gone, he
 * gets what the flight says that it has so far, or else it rejects with DEADLINE_EXCEEDED.
 */
export type Join<Answer> = (
  alike: Alike<Answer>,
  key: string,
  context: FetchContext,
  start: (flight: Flight<Answer>) => Promise<Answer>,
) => Promise<Answer>;

/** Work is begun with this much more time than its first caller has, so that those who come soon after may wait for it too. */
const MORE_MS = 1_000;

export function createInFlight<Answer>(options: InFlightOptions<Answer>): Join<Answer> {
  const waiting: Waiting<Answer> = { ...options, watch: new Watch() };
  return (alike, key, context, start) => {
    const flight = alike.get(key);
    if (flight && flight.request.deadlineAt >= context.request.deadlineAt) return flight.join(context);
    const opened = new Flight(waiting, context, alike, key);
    const answer = opened.join(context);
    opened.start(start);
    return answer;
  };
}

interface Waiting<Answer> extends InFlightOptions<Answer> {
  readonly watch: Watch;
}

/** One piece of work, and the context that it is done in. A spread of it would not have the signal. */
export class Flight<Answer> implements FetchContext {
  readonly request: FetchContext['request'];
  readonly headers: FetchContext['headers'] & object;
  readonly after: string | null;
  /** What there is already, for those who cannot wait for the rest. */
  soFar: (() => Promise<Answer>) | null = null;
  private readonly among: Waiting<Answer>;
  private readonly alike: Alike<Answer>;
  private readonly key: string;
  private waiting: Waiter<Answer>[] | undefined;
  private readonly over = new LazyAbort();

  constructor(among: Waiting<Answer>, { request, headers = {}, after = null }: FetchContext, alike: Alike<Answer>, key: string) {
    this.request = { ...request, deadlineAt: request.deadlineAt + MORE_MS };
    this.headers = headers;
    this.after = after;
    this.among = among;
    this.alike = alike;
    this.key = key;
  }

  get signal(): AbortSignal {
    return this.over.signal;
  }

  isAborted(): boolean {
    return this.over.isAborted();
  }

  start(work: (flight: Flight<Answer>) => Promise<Answer>): void {
    this.alike.set(this.key, this);
    work(this).then(
      (answer) => this.landed(answer),
      (error: unknown) => this.failed(error),
    );
  }

  join(context: FetchContext): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(this, this.among, context, resolve, reject);
      if (this.waiting) this.waiting.push(waiter);
      else this.waiting = [waiter];
      this.among.watch.add(waiter);
    });
  }

  left(waiter: Waiter<Answer>): void {
    this.waiting = this.waiting!.filter((other) => other !== waiter);
    if (this.waiting.length > 0) return;
    this.leave();
    this.over.abort();
  }

  private landed(answer: Answer): void {
    this.leave();
    const { waiting = [] } = this;
    const given = waiting.length > 1 ? this.among.toShared(answer) : answer;
    for (const waiter of waiting) {
      this.among.watch.remove(waiter);
      waiter.resolve(given);
    }
  }

  private failed(error: unknown): void {
    this.leave();
    for (const waiter of this.waiting ?? []) {
      this.among.watch.remove(waiter);
      waiter.reject(error);
    }
  }

  /** Nobody joins any more. */
  private leave(): void {
    if (this.alike.get(this.key) === this) this.alike.delete(this.key);
  }
}

class Waiter<Answer> implements Watched {
  place = -1;
  readonly endsAt: number;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
  readonly reject: (error: unknown) => void;
  private readonly flight: Flight<Answer>;
  private readonly name: string;
  private readonly context: FetchContext;

  constructor(
    flight: Flight<Answer>,
    { name, clock }: Waiting<Answer>,
    context: FetchContext,
    resolve: Waiter<Answer>['resolve'],
    reject: Waiter<Answer>['reject'],
  ) {
    this.flight = flight;
    this.name = name;
    this.context = context;
    this.endsAt = performance.now() + Math.max(1, context.request.deadlineAt - clock());
    this.resolve = resolve;
    this.reject = reject;
  }

  isGone(): boolean {
    return isAborted(this.context);
  }

  stop(): void {
    const { soFar } = this.flight;
    // Before the flight is aborted, which may end it.
    if (soFar) this.resolve(soFar());
    else this.reject(timeIsOver(this.name));
    this.flight.left(this);
  }
}
