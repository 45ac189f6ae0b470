import { BrokenCircuitError, circuitBreaker, CircuitState, handleWhen, SamplingBreaker } from 'cockatiel';
import type { BreakerSettings } from '../../config/subgraphsConfig.js';
import { FetchError } from '../FetchError.js';
import type { SubgraphClient, SubgraphResponse } from '../SubgraphClient.js';

/**
 * Asks a subgraph no more for a moment when too many requests failed, then lets one through to see. Errors inside an answer are none,
 * and neither is an operation without time.
 */
export function withBreaker(client: SubgraphClient, name: string, settings: BreakerSettings): SubgraphClient {
  const { failurePercent, windowMs, minRequests, openMs } = settings;
  const failures = handleWhen((error) => !(error instanceof FetchError) || error.isOfSubgraph).orWhenResult(
    (response) => (response as SubgraphResponse).refusal !== undefined,
  );
  const breaker = new SamplingBreaker({
    threshold: Math.min(failurePercent / 100, 0.999),
    duration: windowMs,
    minimumRps: minRequests / (windowMs / 1000),
  });
  const policy = circuitBreaker(failures, { halfOpenAfter: openMs, breaker });
  return {
    request: async (call, context) => {
      // The policy would have everybody wait for the one that is let through.
      if (policy.state === CircuitState.HalfOpen) throw unavailable(name);
      try {
        return await policy.execute(() => client.request(call, context));
      } catch (error) {
        throw error instanceof BrokenCircuitError ? unavailable(name) : error;
      }
    },
    close: () => client.close(),
  };
}

function unavailable(service: string): FetchError {
  const message = `The subgraph ${service} failed too often and is not asked for a moment. Try again.`;
  return new FetchError('SUBGRAPH_UNAVAILABLE', message, { service, isOfSubgraph: false });
}
