import type { AgentTransport } from './AgentTransport.js';
import { daprPath, readDaprEndpoint } from './daprEndpoint.js';
import { createDaprSidecar, SidecarError, type DaprConfig, type SidecarAnswer } from './daprSidecar.js';
import { brokeDown, cannot, quoted } from './failed.js';
import { readHttpReply, toHttpRequest } from './httpTransport.js';

/**
 * Agents behind a Dapr sidecar, by service invocation or as actors, with the JSON contract of the HTTP transport. What is said there of
 * statuses holds here; what the sidecar itself could not do comes as its own status and error code, and is a breakdown.
 */
export function daprTransport(config: DaprConfig): AgentTransport {
  const sidecar = createDaprSidecar(config);
  return {
    call: async (call) => {
      const endpoint = readDaprEndpoint(call.agent.endpoint);
      if (typeof endpoint === 'string') return cannot(endpoint);
      const { signal, traceparent, attemptId } = call;
      const headers = { 'idempotency-key': attemptId, ...(traceparent !== undefined && { traceparent }) };
      try {
        const answer = await sidecar.post(daprPath(endpoint), JSON.stringify(toHttpRequest(call)), { signal, headers });
        if (answer.status === 200 || answer.status === 422) return readHttpReply(parse(answer.text), call);
        return brokeDown(`Dapr answered ${answer.status}${reasonOf(answer)}`);
      } catch (error) {
        if (signal.aborted) return brokeDown('it had no time left');
        if (error instanceof SidecarError) return brokeDown(error.message);
        throw error;
      }
    },
    close: () => sidecar.close(),
  };
}

/** The sidecar's errors have a code, an app's need not. */
function reasonOf({ text }: SidecarAnswer): string {
  const { errorCode } = (parse(text) ?? {}) as { errorCode?: unknown };
  return typeof errorCode === 'string' ? `: ${quoted(errorCode)}` : '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
