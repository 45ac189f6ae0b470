import { isAborted } from '../isAborted.js';
import { pause } from '../../../subgraphs/shared/pause.js';
import type { RetrySettings } from '../../config/subgraphsConfig.js';
import { FetchError } from '../FetchError.js';
import type { Refusal, SubgraphClient, SubgraphResponse } from '../SubgraphClient.js';
import { Budget } from './Budget.js';

export interface Chance {
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/**
 * Sends a query again when the subgraph was not there or said that it could not (HTTP 502, 503, 504), after a pause by chance and not
 * before it wants to be asked. Gives the last outcome when the deadline would be over before, or when too many were sent again.
 */
export function withRetries(client: SubgraphClient, settings: RetrySettings, { clock, random }: Chance): SubgraphClient {
  const { retries, delayMs, maxDelayMs, budgetPercent } = settings;
  const budget = new Budget(budgetPercent);

  /** Undefined: not again. */
  const delayOf = (refusal: Refusal | undefined, attempt: number, deadlineAt: number): number | undefined => {
    if (attempt >= retries) return undefined;
    const backoff = random() * Math.min(maxDelayMs, delayMs * 2 ** attempt);
    const wanted = Math.max(backoff, refusal?.retryAfterMs ?? 0);
    return clock() + wanted < deadlineAt && budget.spend() ? wanted : undefined;
  };

  return {
    request: async (call, context) => {
      if (call.operation.kind !== 'query') return client.request(call, context);
      budget.earn();
      for (let attempt = 0; ; attempt++) {
        const outcome = await client.request(call, context).catch((error: unknown) => {
          if (error instanceof FetchError && error.isPassing) return error;
          throw error;
        });
        const { refusal } = outcome;
        const isError = outcome instanceof FetchError;
        const delay = isError || refusal ? delayOf(refusal, attempt, context.request.deadlineAt) : undefined;
        if (delay !== undefined) await pause(delay, context.signal);
        if (delay !== undefined && !isAborted(context)) continue;
        if (isError) throw outcome;
        return outcome satisfies SubgraphResponse;
      }
    },
    close: () => client.close(),
  };
}
