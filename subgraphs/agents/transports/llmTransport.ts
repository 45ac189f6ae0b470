import type { APICallError } from 'ai';
import type { Egress } from '../egress/createEgress.js';
import { EgressError } from '../egress/EgressError.js';
import { promptOf } from '../promptOf.js';
import type { AgentCall, AgentResult, AgentTransport } from './AgentTransport.js';
import { brokeDown, cannot } from './failed.js';
import { maxInputTokens, maxOutputTokens } from './outputTokens.js';
import { readModelKey, type ModelKeys } from './readModelKey.js';
import { checkUsage, type UsageBounds, type UsageReport } from './reportedUsage.js';
import { traceChat } from './traceTransport.js';

/** What came back from the endpoint, whichever way it was read. */
interface Completion {
  readonly text: string;
  readonly finishReason: string;
  /** `usage` as the endpoint wrote it. */
  readonly reported: UsageReport | null;
  /** Why it is no answer, or null. */
  readonly fault: unknown;
}

const MAX_TEXT = 1_000_000;
/** Callers who wait 2 s or less gain nothing from a stream; those who wait longer learn from its silence that it hangs. */
const BUFFERED = new Set<unknown>(['REALTIME', 'INTERACTIVE']);

/**
 * Models behind OpenAI-compatible endpoints. The agent's instructions are the system prompt, prompt and payload the user's message, and
 * the answer may be as long as the attempt's cap pays for. Answers are read whole (REALTIME, INTERACTIVE) or as a stream (RELAXED,
 * BATCH) and cost the same. Nothing is tried twice here: the runner goes on to the next candidate instead.
 *
 * What is paid: tokens as the endpoint reported them, when the report can be true, whether the answer helped or not. Without such a
 * report nothing is written to the ledger and the answer is not taken, because an entry would have to be invented.
 */
export function llmTransport({ egress, keys }: { egress: Egress; keys: ModelKeys }): AgentTransport {
  return {
    call: async (call) => {
      const { connection } = call.candidate;
      if (connection.endpoint === null) return cannot(`the model ${call.candidate.modelId} has no endpoint`);
      const key = readModelKey(connection, keys);
      if (!key.ok) return cannot(key.why);
      const prompt = promptOf(call.task);
      if (prompt === '') return cannot('there is neither a prompt nor a payload to send to the model');
      const inputTokens = maxInputTokens(call.agent.instructions, prompt);
      const outputTokens = maxOutputTokens(call.candidate, inputTokens);
      if (outputTokens === 0)
        return cannot(`the ${call.candidate.capUsd} USD that the route allows may not pay for the question`);
      const model = await connect(egress, call, key.key);
      const streamed = !BUFFERED.has(call.task.input['latencyClass'] ?? 'INTERACTIVE');
      const ask = streamed ? readStream : readWhole;
      return traceChat(call, { streamed, maxOutputTokens: outputTokens }, async (span) => {
        const completion = await ask(model, {
          ...(call.agent.instructions && { system: call.agent.instructions }),
          prompt,
          maxOutputTokens: outputTokens,
          maxRetries: 0,
          abortSignal: call.signal,
        });
        span.set({ 'gen_ai.response.finish_reasons': [completion.finishReason] });
        return resultOf(completion, call, { maxInputTokens: inputTokens, maxOutputTokens: outputTokens });
      });
    },
    close: async () => undefined,
  };
}

function resultOf({ text, finishReason, reported, fault }: Completion, call: AgentCall, bounds: UsageBounds): AgentResult {
  if (call.signal.aborted) return brokeDown('it had no time left');
  const paid = checkUsage(reported, call.candidate, bounds);
  const usage = paid.ok && reported !== null ? paid.usage : null;
  if (fault !== null) return brokeDown(describe(fault), usage);
  if (!paid.ok) return brokeDown(paid.why);
  if (text.length > MAX_TEXT) return brokeDown(`its answer has over ${MAX_TEXT} characters`, usage);
  if (finishReason === 'content-filter') return cannot('the model, or a filter around it, refused to answer', usage);
  if (text.trim() === '') {
    if (finishReason === 'length') return cannot(`it used all of its ${bounds.maxOutputTokens} tokens and said nothing`, usage);
    return brokeDown('its answer is empty', usage);
  }
  return { kind: 'answered', answer: { text, output: { finishReason } }, usage: paid.usage };
}

type Settings = {
  readonly system?: string;
  readonly prompt: string;
  readonly maxOutputTokens: number;
  readonly maxRetries: 0;
  readonly abortSignal: AbortSignal;
};
type Model = Awaited<ReturnType<typeof connect>>;

/** The library is loaded with the first call: it takes a third of a second, and many a mesh has no such model. */
async function connect(egress: Egress, { candidate, signal, traceparent }: AgentCall, key: string | null) {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const { name, endpoint } = candidate.connection;
  const provider = createOpenAICompatible({
    name: 'mesh',
    baseURL: endpoint!,
    includeUsage: true,
    ...(key !== null && { apiKey: key }),
    ...(traceparent !== undefined && { headers: { traceparent } }),
    fetch: async (input, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers));
      const response = await egress.fetch(String(input), { method: 'POST', headers, body: init?.body as string, signal });
      const type = response.headers.get('content-type') ?? '';
      if (!response.ok || /^(application\/([\w.-]+\+)?json|text\/event-stream)\b/i.test(type)) return response;
      await response.body?.cancel();
      throw new EgressError(`${new URL(endpoint!).hostname} answered with something that is not JSON`, true);
    },
  });
  return provider.chatModel(name);
}

async function readWhole(model: Model, settings: Settings): Promise<Completion> {
  const { generateText } = await import('ai');
  try {
    const { text, finishReason, usage } = await generateText({ model, ...settings });
    return { text, finishReason, reported: toReport(usage.raw), fault: null };
  } catch (error) {
    // An answer without choices was worked for all the same.
    const body = (error as { data?: { usage?: unknown } | undefined }).data;
    return { text: '', finishReason: 'error', reported: toReport(body?.usage), fault: error };
  }
}

async function readStream(model: Model, settings: Settings): Promise<Completion> {
  const { streamText } = await import('ai');
  let text = '';
  let finishReason = 'error';
  let reported: UsageReport | null = null;
  let fault: unknown = null;
  try {
    // Without a handler the library prints errors to the console.
    const { fullStream } = streamText({ model, ...settings, onError: () => undefined });
    for await (const part of fullStream) {
      if (part.type === 'text-delta' && text.length <= MAX_TEXT) text += part.text;
      if (part.type === 'error') fault ??= part.error;
      if (part.type !== 'finish-step') continue;
      reported = toReport(part.usage.raw);
      finishReason = part.finishReason;
    }
    if (finishReason === 'error') fault ??= new Error('no end');
  } catch (error) {
    fault = error;
  }
  return { text, finishReason, reported, fault };
}

/** The library takes a count that is missing for zero; what the endpoint wrote does not. */
function toReport(raw: unknown): UsageReport | null {
  if (raw === null || typeof raw !== 'object') return null;
  const { prompt_tokens, completion_tokens, prompt_tokens_details } = raw as Record<string, unknown>;
  const details = prompt_tokens_details as { cached_tokens?: unknown } | null | undefined;
  return { inputTokens: prompt_tokens, cachedInputTokens: details?.cached_tokens, outputTokens: completion_tokens };
}

/** Never what the endpoint said: its text could hold a part of the key, or anything else. */
function describe(fault: unknown): string {
  for (let error = fault; error instanceof Error; error = error.cause) if (error instanceof EgressError) return error.message;
  const { name, statusCode } = fault as Partial<APICallError>;
  if (name === 'AI_APICallError' && statusCode !== undefined && statusCode >= 400) {
    if (statusCode === 401 || statusCode === 403) return `the endpoint refused the key (${statusCode})`;
    if (statusCode === 429) return 'the endpoint is asked too often (429)';
    return `the endpoint answered ${statusCode}`;
  }
  if (name === 'AI_InvalidResponseDataError') return 'its answer has no end, or no choices';
  if (name === 'AI_APICallError' || name === 'AI_JSONParseError' || name === 'AI_TypeValidationError')
    return 'its answer is not one of an OpenAI-compatible endpoint';
  return 'its answer broke off';
}
