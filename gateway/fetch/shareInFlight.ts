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

/**
 * Identical queries on the way at the same time are one request with one answer: the same text, variables and view. Never a mutation;
 * and what was asked before a mutation ended, or before an event was heard of, answers nobody who comes after it. Everybody waits as
 * long as his own deadline and signal say; the request ends when nobody waits any more.
 */
export function shareInFlight(client: SubgraphClient, { name, clock, viewOf }: SharingOptions): SubgraphClient {
  const watch = new Watch();
  /** By the operation's text, then by the rest. */
  let flights = new Map<string, Map<string, Flight>>();

  class Flight {
    readonly deadlineAt: number;
    private readonly waiting = new Set<Waiter>();
    private readonly controller = new AbortController();
    private readonly leave: () => void;

    constructor(call: SubgraphCall, context: FetchContext, leave: () => void) {
      this.leave = leave;
      this.deadlineAt = context.request.deadlineAt + MORE_MS;
      const request = { ...context.request, deadlineAt: this.deadlineAt };
      client.request(call, { ...context, request, signal: this.controller.signal }).then(
        (response) => this.landed(response),
        (error: unknown) => this.failed(error),
      );
    }

    join(context: FetchContext): Promise<SubgraphResponse> {
      return new Promise((resolve, reject) => {
        const waiter = new Waiter(this, context, resolve, reject);
        this.waiting.add(waiter);
        watch.add(waiter);
      });
    }

    left(waiter: Waiter): void {
      this.waiting.delete(waiter);
      if (this.waiting.size > 0) return;
      this.leave();
      this.controller.abort();
    }

    private landed(response: SubgraphResponse): void {
      this.leave();
      const given = this.waiting.size > 1 && !response.isShared ? { ...response, isShared: true as const } : response;
      for (const waiter of this.waiting) {
        watch.remove(waiter);
        waiter.resolve(given);
      }
    }

    private failed(error: unknown): void {
      this.leave();
      for (const waiter of this.waiting) {
        watch.remove(waiter);
        waiter.reject(error);
      }
    }
  }

  class Waiter implements Watched {
    place = -1;
    readonly endsAt: number;
    readonly signal: AbortSignal;
    readonly resolve: (response: SubgraphResponse) => void;
    readonly reject: (error: unknown) => void;
    private readonly flight: Flight;

    constructor(flight: Flight, { request, signal }: FetchContext, resolve: Waiter['resolve'], reject: Waiter['reject']) {
      this.flight = flight;
      this.signal = signal;
      this.endsAt = performance.now() + Math.max(1, request.deadlineAt - clock());
      this.resolve = resolve;
      this.reject = reject;
    }

    stop(): void {
      this.flight.left(this);
      this.reject(timeIsOver(name));
    }
  }

  const share = (call: SubgraphCall, context: FetchContext): Promise<SubgraphResponse> => {
    const { query } = call.operation;
    const view = viewOf(context);
    const key = view === '' && !context.after ? call.variables : `${call.variables}\n${context.after ?? ''}\n${view}`;
    const known = flights;
    let alike = known.get(query);
    const flight = alike?.get(key);
    if (flight && flight.deadlineAt >= context.request.deadlineAt) return flight.join(context);
    if (!alike) known.set(query, (alike = new Map()));
    const here = alike;
    const opened: Flight = new Flight(call, context, () => {
      if (here.get(key) === opened) here.delete(key);
      if (here.size === 0 && known.get(query) === here) known.delete(query);
    });
    here.set(key, opened);
    return opened.join(context);
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
