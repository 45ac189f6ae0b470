import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Usage } from '../../subgraphs/shared/pricing.js';
import { readBody } from '../../subgraphs/shared/readBody.js';
import { recordedUsage } from './recordedUsage.js';
import type { Recording } from './recordings.js';

export interface Playback {
  /** An OpenAI-compatible base URL. */
  readonly url: string;
  /** What each model was asked for, counted here and nowhere else. */
  served(model: string): Usage & { readonly requests: number };
  close(): Promise<void>;
}

/** What stands for an answer whose text was not kept. */
const NO_TEXT = '[recorded answer; its text was not kept]';

/**
 * An OpenAI-compatible server on loopback that computes nothing: it plays back recorded answers, buffered or streamed, and says so in
 * `x-recorded-answer` and `system_fingerprint`. A prompt or model that was not recorded gets an error, never an invented answer.
 */
export async function startPlayback(recordings: readonly Recording[]): Promise<Playback> {
  const byPrompt = new Map(recordings.map((recording) => [recording.prompt, recording]));
  const served = new Map<string, Usage & { requests: number }>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => sendError(response, 400, (error as Error).message));
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
      return sendError(response, 404, 'only POST /v1/chat/completions is here');
    const asked = JSON.parse(await readBody(request)) as ChatRequest;
    const recording = byPrompt.get(promptOf(asked));
    const recorded = recording?.answers.get(asked.model);
    if (!recording || !recorded) return sendError(response, 404, `no recorded answer of ${asked.model} to this prompt`);
    const usage = recordedUsage(recording, recorded);
    const sum = served.get(asked.model) ?? { requests: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
    served.set(asked.model, {
      requests: sum.requests + 1,
      inputTokens: sum.inputTokens + usage.inputTokens,
      cachedInputTokens: 0,
      outputTokens: sum.outputTokens + usage.outputTokens,
    });
    const text = recorded.text ?? NO_TEXT;
    if (asked.stream) streamAnswer(response, asked, text, usage);
    else sendAnswer(response, asked, text, usage);
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    served: (model) => served.get(model) ?? { requests: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages: readonly { readonly role: string; readonly content: string | readonly { readonly text?: string }[] }[];
}

function promptOf({ messages }: ChatRequest): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('');
}

const RECORDED = { 'x-recorded-answer': 'true' };
const about = ({ model }: ChatRequest) => ({ id: 'recorded', created: 0, model, system_fingerprint: 'recorded-answer' });
const usageOf = ({ inputTokens, outputTokens }: Usage) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});

function sendAnswer(response: ServerResponse, asked: ChatRequest, content: string, usage: Usage): void {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
  send(response, 200, { ...about(asked), object: 'chat.completion', choices, usage: usageOf(usage) });
}

function streamAnswer(response: ServerResponse, asked: ChatRequest, content: string, usage: Usage): void {
  const chunk = (delta: object, finish_reason: string | null = null): object => ({
    ...about(asked),
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
  });
  const chunks = [chunk({ role: 'assistant', content }), chunk({}, 'stop')];
  if (asked.stream_options?.include_usage)
    chunks.push({ ...about(asked), object: 'chat.completion.chunk', choices: [], usage: usageOf(usage) });
  response.writeHead(200, { 'content-type': 'text/event-stream', ...RECORDED });
  response.end([...chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`), 'data: [DONE]\n\n'].join(''));
}

function sendError(response: ServerResponse, status: number, message: string): void {
  send(response, status, { error: { message, type: 'invalid_request_error' } });
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...RECORDED });
  response.end(bytes);
}
