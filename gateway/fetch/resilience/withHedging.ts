import { isAborted } from '../isAborted.js';
import type { HedgeSettings } from '../../config/subgraphsConfig.js';
import type { FetchContext, SubgraphCall, SubgraphClient, SubgraphResponse } from '../SubgraphClient.js';
import { Budget } from './Budget.js';

/** Latencies that the 95th percentile is taken of, and after how many new ones it is taken again. */
const SAMPLES = 100;
const RENEW_AFTER = 20;

/**
 * Sends a query a second time when it takes longer than usual, and gives the answer that comes first; the other request is ended. Never
 * more than one, and only to a part of all queries, so that a subgraph that is slow for everybody does not get twice the load.
 */
export function withHedging(client: SubgraphClient, { afterMs, budgetPercent }: HedgeSettings): SubgraphClient {
  const budget = new Budget(budgetPercent);
  const latencies = new Latencies();

  const race = (call: SubgraphCall, context: FetchContext, delayMs: number | undefined): Promise<SubgraphResponse> =>
    new Promise((resolve, reject) => {
      const { request, headers } = context;
      const controllers: AbortController[] = [];
      let running = 0;
      const abort = (): void => controllers.forEach((controller) => controller.abort());
      const end = (): void => {
        clearTimeout(timer);
        context.signal.removeEventListener('abort', abort);
        abort();
      };
      const send = (): void => {
        const controller = new AbortController();
        const started = performance.now();
        controllers.push(controller);
        running++;
        client.request(call, { request, ...(headers && { headers }), signal: controller.signal }).then(
          (response) => {
            latencies.add(performance.now() - started);
            // Of the other one nobody wants to hear any more.
            controllers.splice(controllers.indexOf(controller), 1);
            end();
            resolve(response);
          },
          (error: unknown) => {
            if (--running > 0) return;
            end();
            reject(error as Error);
          },
        );
      };
      const hedge = (): void => {
        if (budget.spend()) send();
      };
      const timer = delayMs === undefined ? undefined : setTimeout(hedge, delayMs);
      context.signal.addEventListener('abort', abort, { once: true });
      send();
    });

  return {
    request: (call, context) => {
      if (call.operation.kind !== 'query' || isAborted(context)) return client.request(call, context);
      budget.earn();
      return race(call, context, afterMs === 'p95' ? latencies.p95() : afterMs);
    },
    close: () => client.close(),
  };
}

class Latencies {
  private readonly ring: number[] = [];
  private next = 0;
  private added = 0;
  private known: number | undefined;

  add(ms: number): void {
    this.ring[this.next] = ms;
    this.next = (this.next + 1) % SAMPLES;
    if (++this.added % RENEW_AFTER !== 0) return;
    const sorted = this.ring.toSorted((a, b) => a - b);
    this.known = sorted[Math.floor(sorted.length * 0.95)];
  }

  /** Undefined: there are too few yet. */
  p95(): number | undefined {
    return this.known;
  }
}
