import { z } from 'zod';
import type { Egress } from '../egress/createEgress.js';
import { EgressError } from '../egress/EgressError.js';
import type { AgentCall, AgentResult, AgentTransport } from './AgentTransport.js';
import { brokeDown, cannot, quoted } from './failed.js';
import { checkUsage, UNBOUNDED } from './reportedUsage.js';

/** What an HTTP agent is sent. README describes it to those who write one. */
export function toHttpRequest({ attemptId, task, agent, candidate, deadlineAt }: AgentCall): object {
  return {
    taskId: task.id,
    attemptId,
    taskClass: task.taskClass,
    agentId: agent.id,
    instructions: agent.instructions,
    prompt: task.input.prompt ?? null,
    payload: task.input.payload ?? null,
    model: { id: candidate.modelId, name: candidate.connection.name },
    maxCostUsd: candidate.capUsd,
    deadlineAt: deadlineAt === undefined ? null : new Date(deadlineAt).toISOString(),
  };
}

const MAX_TEXT = 1_000_000;

const usage = z.object({ inputTokens: z.unknown(), cachedInputTokens: z.unknown(), outputTokens: z.unknown() }).partial();
const Reply = z.object({
  text: z.string().max(MAX_TEXT).nullish(),
  output: z.record(z.string(), z.unknown()).nullish(),
  error: z.object({ message: z.string() }).nullish(),
  usage: usage.nullish(),
});

/**
 * Agents behind an HTTP endpoint with a small JSON contract: one POST, one answer. An `error` in an answer of status 200 or 422 is an
 * honest "I cannot"; every other status, and whatever does not fit the contract, is a breakdown.
 */
export function httpTransport({ egress }: { egress: Egress }): AgentTransport {
  return {
    call: async (call) => {
      const { endpoint } = call.agent;
      if (endpoint === null) return cannot('the agent has no endpoint');
      try {
        const response = await egress.fetch(endpoint, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            'idempotency-key': call.attemptId,
            ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
          },
          body: JSON.stringify(toHttpRequest(call)),
          signal: call.signal,
        });
        const isReply = response.status === 200 || response.status === 422;
        if (isReply) return readHttpReply(parse(await response.text()), call);
        await response.body?.cancel();
        return brokeDown(`the agent answered ${response.status}`);
      } catch (error) {
        if (call.signal.aborted) return brokeDown('it had no time left');
        if (error instanceof EgressError) return brokeDown(error.message);
        throw error;
      }
    },
    close: async () => undefined,
  };
}

/** An agent's reply, whichever way it came. */
export function readHttpReply(reply: unknown, { candidate }: AgentCall): AgentResult {
  const parsed = Reply.safeParse(reply);
  if (!parsed.success) return brokeDown('the agent did not answer with { text, output, usage } or { error } as JSON');
  const { text, output, error, usage: reported } = parsed.data;
  const paid = checkUsage(reported, candidate, UNBOUNDED);
  if (error) return cannot(quoted(error.message), paid.ok && reported ? paid.usage : null);
  if (!paid.ok) return brokeDown(paid.why);
  if (!text && !output) return brokeDown('the agent answered with neither text nor output', reported ? paid.usage : null);
  return { kind: 'answered', answer: { text: text ?? '', output: output ?? {} }, usage: paid.usage };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
