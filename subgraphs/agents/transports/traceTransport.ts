import { SpanKind, type Attributes } from '@opentelemetry/api';
import type { Usage } from '../../shared/pricing.js';
import { tracer } from '../../shared/telemetry/tracer.js';
import { currentTraceparent, withSpan, type OpenSpan } from '../../shared/telemetry/withSpan.js';
import type { Agent } from '../agentStore.js';
import type { AgentCall, AgentResult, AgentTransport } from './AgentTransport.js';

/**
 * A span around each attempt of an agent, by OpenTelemetry's conventions for generative AI (1.45), which the agent continues where its
 * transport carries a traceparent. Neither prompts nor answers are told.
 * https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md
 */
export function traceTransport(kind: Agent['transport'], transport: AgentTransport): AgentTransport {
  if (!tracer()) return transport;
  return {
    call: (call) => {
      const { agent, candidate, task, attemptId } = call;
      const attributes: Attributes = {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.provider.name': kind === 'LLM' ? OPENAI : 'agent_mesh',
        'gen_ai.agent.id': agent.id,
        'gen_ai.agent.name': agent.name,
        'gen_ai.request.model': kind === 'LLM' ? candidate.connection.name : candidate.modelId,
        'mesh.model.id': candidate.modelId,
        'mesh.agent.transport': kind,
        'mesh.task.id': task.id,
        'mesh.task.class': task.taskClass,
        'mesh.attempt.id': attemptId,
      };
      const spanKind = kind === 'BUILTIN' ? SpanKind.INTERNAL : SpanKind.CLIENT;
      return withSpan(`invoke_agent ${agent.name}`, { kind: spanKind, attributes }, async (span) => {
        const result = await transport.call({ ...call, traceparent: currentTraceparent() ?? call.traceparent });
        tellEnd(span, result);
        return result;
      });
    },
    close: () => transport.close(),
  };
}

/** The flavour of the interface, as the conventions have it; `server.address` tells whose endpoint it is. */
const OPENAI = 'openai';

/** A span around the call of a model by itself. */
export function traceChat(
  { candidate }: AgentCall,
  { streamed, maxOutputTokens }: { streamed: boolean; maxOutputTokens: number },
  work: (span: OpenSpan) => Promise<AgentResult>,
): Promise<AgentResult> {
  const { name, endpoint } = candidate.connection;
  const { hostname, port, protocol } = new URL(endpoint!);
  const attributes: Attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': OPENAI,
    'gen_ai.request.model': name,
    'gen_ai.request.max_tokens': maxOutputTokens,
    'gen_ai.request.stream': streamed,
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
  };
  return withSpan(`chat ${name}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const result = await work(span);
    tellEnd(span, result);
    return result;
  });
}

function tellEnd(span: OpenSpan, result: AgentResult): void {
  if (result.usage) span.set(toAttributes(result.usage));
  if (result.kind === 'failed') span.failed(result.brokeDown ? 'broke_down' : 'cannot');
}

/** Cached tokens are among the input, as they are with us. */
function toAttributes({ inputTokens, cachedInputTokens, outputTokens }: Usage): Attributes {
  return {
    'gen_ai.usage.input_tokens': inputTokens,
    'gen_ai.usage.cache_read.input_tokens': cachedInputTokens,
    'gen_ai.usage.output_tokens': outputTokens,
  };
}
