import { timeIsOver } from './FetchError.js';
import type { FetchContext, SubgraphCall, SubgraphClient, SubgraphResponse } from './SubgraphClient.js';
import { Watch, type Watched } from './Watch.js';

export interface SharingOptions {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** All of the caller and its headers that the subgraph is told and its answer may depend on, as text. */
  readonly viewOf: (context: FetchContext) => string;
}

/** A request is sent with this much more time than its first caller has, so that those who come soon after may wait for it too. */
const MORE_MS = 1_000;
/** Texts whose maps are kept while nothing of theirs is on the way: to make one costs more than all the rest of this. */
const KEPT_TEXTS = 1_000;

/**
 * Identical queries on the way at the same time are one request with one answer: the same text, variables and view. Never a mutation;
 * and what was asked before a mutation ended, or before an event was heard of, answers nobody who comes after it. Everybody waits as
 * long as his own deadline and signal say; the request ends when nobody waits any more.
 */
export function shareInFlight(client: SubgraphClient, { name, clock, viewOf }: SharingOptions): SubgraphClient {
  const watch = new Watch();
  /** By the operation's text, then by the rest. */
  let flights = new Map<string, Map<string, Flight>>();

  /** One request, and the context that it is sent in. A spread of it would not have the signal. */
  class Flight implements FetchContext {
    readonly request: FetchContext['request'];
    readonly headers: FetchContext['headers'] & object;
    readonly after: string | null;
    private readonly alike: Map<string, Flight>;
    private readonly key: string;
    private waiting: Waiter[] | undefined;
    private controller: AbortController | undefined;
    private isOver = false;

    constructor({ request, headers = {}, after = null }: FetchContext, alike: Map<string, Flight>, key: string) {
      this.request = { ...request, deadlineAt: request.deadlineAt + MORE_MS };
      this.headers = headers;
      this.after = after;
      this.alike = alike;
      this.key = key;
    }

    /** Made for those who listen to it only: it costs as much as all the rest of this. */
    get signal(): AbortSignal {
      this.controller ??= new AbortController();
      if (this.isOver) this.controller.abort();
      return this.controller.signal;
    }

    isAborted(): boolean {
      return this.isOver;
    }

    start(call: SubgraphCall): void {
      this.alike.set(this.key, this);
      client.request(call, this).then(
        (response) => this.landed(response),
        (error: unknown) => this.failed(error),
      );
    }

    join(context: FetchContext): Promise<SubgraphResponse> {
      return new Promise((resolve, reject) => {
        const waiter = new Waiter(this, context, resolve, reject);
        if (this.waiting) this.waiting.push(waiter);
        else this.waiting = [waiter];
        watch.add(waiter);
      });
    }

    left(waiter: Waiter): void {
      this.waiting = this.waiting!.filter((other) => other !== waiter);
      if (this.waiting.length > 0) return;
      this.leave();
      this.isOver = true;
      this.controller?.abort();
    }

    private landed(response: SubgraphResponse): void {
      this.leave();
      const { waiting = [] } = this;
      const given = waiting.length > 1 && !response.isShared ? { ...response, isShared: true as const } : response;
      for (const waiter of waiting) {
        watch.remove(waiter);
        waiter.resolve(given);
      }
    }

    private failed(error: unknown): void {
      this.leave();
      for (const waiter of this.waiting ?? []) {
        watch.remove(waiter);
        waiter.reject(error);
      }
    }

    /** Nobody joins any more. */
    private leave(): void {
      if (this.alike.get(this.key) === this) this.alike.delete(this.key);
    }
  }

  class Waiter implements Watched {
    place = -1;
    readonly endsAt: number;
    readonly resolve: (response: SubgraphResponse) => void;
    readonly reject: (error: unknown) => void;
    private readonly flight: Flight;
    private readonly signal: AbortSignal;

    constructor(flight: Flight, { request, signal }: FetchContext, resolve: Waiter['resolve'], reject: Waiter['reject']) {
      this.flight = flight;
      this.signal = signal;
      this.endsAt = performance.now() + Math.max(1, request.deadlineAt - clock());
      this.resolve = resolve;
      this.reject = reject;
    }

    isGone(): boolean {
      return this.signal.aborted;
    }

    stop(): void {
      this.flight.left(this);
      this.reject(timeIsOver(name));
    }
  }

  const share = (call: SubgraphCall, context: FetchContext): Promise<SubgraphResponse> => {
    const view = viewOf(context);
    const key = view === '' && !context.after ? call.variables : `${call.variables}\n${context.after ?? ''}\n${view}`;
    const alike = flightsOf(call.operation.query);
    const flight = alike.get(key);
    if (flight && flight.request.deadlineAt >= context.request.deadlineAt) return flight.join(context);
    const opened = new Flight(context, alike, key);
    const answer = opened.join(context);
    opened.start(call);
    return answer;
  };

  const flightsOf = (query: string): Map<string, Flight> => {
    let alike = flights.get(query);
    if (!alike) {
      if (flights.size >= KEPT_TEXTS) for (const [text, { size }] of flights) if (size === 0) flights.delete(text);
      flights.set(query, (alike = new Map()));
    }
    return alike;
  };

  return {
    request: (call, context) => {
      if (context.signal.aborted) return Promise.reject(timeIsOver(name));
      if (call.operation.kind === 'query') return share(call, context);
      // Those on the way may have been answered before it, so nobody joins them any more.
      return client.request(call, context).finally(() => (flights = new Map()));
    },
    close: () => client.close(),
  };
}
