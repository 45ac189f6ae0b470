import type { Behaviour } from './serveEndpoint.js';

export interface Completion {
  readonly text?: string;
  /** Null: none is reported. */
  readonly usage?: Readonly<Record<string, unknown>> | null;
  readonly finishReason?: string;
}

export const USAGE = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };

/** Answers as an OpenAI-compatible endpoint does: whole, or as a stream when that is asked for. */
export function completes({ text = 'Four.', usage = USAGE, finishReason = 'stop' }: Completion = {}): Behaviour {
  return ({ body, response }) => {
    const { stream, model } = JSON.parse(body) as { stream?: boolean; model: string };
    const about = { id: 'c1', created: 1_700_000_000, model };
    if (!stream) {
      response.writeHead(200, { 'content-type': 'application/json' });
      const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: finishReason };
      response.end(JSON.stringify({ ...about, object: 'chat.completion', choices: [choice], ...(usage && { usage }) }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunksOf(about, { text, usage, finishReason })) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end('data: [DONE]\n\n');
  };
}

/** Sends the first half of a streamed answer and then does what the test wants. */
export function halfStream(then: Behaviour): Behaviour {
  return async (request) => {
    const { response } = request;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunks = chunksOf(
      { id: 'c1', created: 1_700_000_000, model: 'm' },
      { text: 'Four.', usage: USAGE, finishReason: 'stop' },
    );
    await new Promise((resolve) => response.write(`data: ${JSON.stringify(chunks[0])}\n\n`, resolve));
    await then(request);
  };
}

function chunksOf(about: object, { text, usage, finishReason }: Required<Completion>): object[] {
  const chunk = { ...about, object: 'chat.completion.chunk' };
  const half = Math.ceil(text.length / 2);
  const pieces = [text.slice(0, half), text.slice(half)];
  return [
    ...pieces.map((content) => ({
      ...chunk,
      choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }],
    })),
    { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: finishReason }] },
    ...(usage ? [{ ...chunk, choices: [], usage }] : []),
  ];
}
