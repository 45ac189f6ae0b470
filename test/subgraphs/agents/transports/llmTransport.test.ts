import { afterEach, describe, expect, it } from 'vitest';
import { createEgress } from '../../../../subgraphs/agents/egress/createEgress.js';
import { llmTransport } from '../../../../subgraphs/agents/transports/llmTransport.js';
import { parseEgressRules } from '../../../../subgraphs/shared/egressRules.js';
import { costOf } from '../../../../subgraphs/shared/pricing.js';
import { agentCall, rankedCandidate, type CallParts } from '../../../support/agentCall.js';
import { completes, halfStream, USAGE } from '../../../support/openAiServer.js';
import { hang, json, reset, serveEndpoint, type Behaviour } from '../../../support/serveEndpoint.js';
import { flood, transportContract, type TransportUnderTest } from './transportContract.js';

const KEY = 'sk-hunter2-hunter2';
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function open(env: Record<string, string> = {}, latencyClass = 'INTERACTIVE') {
  const endpoint = await serveEndpoint(completes());
  const egress = createEgress({ allow: parseEgressRules(endpoint.host), idleTimeoutMs: 200 });
  const transport = llmTransport({ egress, keys: (name) => env[name] });
  const connection = { name: 'model-one', endpoint: `${endpoint.url}/v1`, apiKeyEnv: null };
  const parts: CallParts = { agent: { transport: 'LLM' }, candidate: { connection }, input: { latencyClass } };
  const close = async (): Promise<void> => {
    await transport.close();
    await egress.close();
    await endpoint.close();
  };
  return { endpoint, transport, connection, parts, close };
}

for (const latencyClass of ['INTERACTIVE', 'RELAXED']) {
  transportContract(`LLM (${latencyClass})`, async (): Promise<TransportUnderTest> => {
    const { endpoint, transport, parts, close } = await open({}, latencyClass);
    const breaks: Behaviour[] = [reset, json(500, {}), json(429, {}), ({ response }) => void response.end('<h1>Hello</h1>')];
    return {
      transport,
      parts,
      answered: { usage: { inputTokens: 12, cachedInputTokens: 0, outputTokens: 5 } },
      refused: {},
      remote: {
        endpoint,
        answers: completes(),
        cannot: completes({ text: '', finishReason: 'content_filter' }),
        hangs: hang,
        breaks,
        floods: flood(latencyClass === 'RELAXED' ? 'text/event-stream' : 'application/json'),
      },
      close,
    };
  });
}

async function start(env: Record<string, string> = {}) {
  const under = await open(env);
  opened.push(under);
  const call = (behaviour: Behaviour, more: CallParts = {}) => {
    under.endpoint.behave(behaviour);
    return under.transport.call(agentCall({ ...under.parts, ...more }));
  };
  return { ...under, call, streamed: { input: { latencyClass: 'BATCH' } } };
}

describe('a call of an LLM', () => {
  it('sends instructions, prompt and payload, and how long the answer may be', async () => {
    const { call, endpoint, parts } = await start();
    await call(completes(), {
      agent: { ...parts.agent, instructions: 'Be brief.' },
      input: { prompt: 'Add.', payload: { a: 2, b: 2 } },
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    const { path, headers, body } = await endpoint.nextRequest();
    expect(path).toBe('/v1/chat/completions');
    expect(headers['authorization']).toBeUndefined();
    expect(headers['traceparent']).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(JSON.parse(body)).toMatchObject({
      model: 'model-one',
      max_tokens: 4_096,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Add.\n{"a":2,"b":2}' },
      ],
    });
  });

  it('allows no longer an answer than the cap pays for, whatever the tokenizer makes of the question', async () => {
    const { call, endpoint, parts } = await start();
    // 14 bytes and 256 of a template at 1 USD a million; 2 USD a million out.
    const candidate = { ...parts.candidate, capUsd: '0.000470' };
    await call(completes(), { candidate });
    expect(JSON.parse((await endpoint.nextRequest()).body)).toMatchObject({ max_tokens: 100 });
    const { pricing } = rankedCandidate();
    expect(costOf({ inputTokens: 270, cachedInputTokens: 0, outputTokens: 100 }, pricing)).toBe(470_000_000n);
    expect(await call(completes(), { candidate: { ...candidate, capUsd: '0.000271' } })).toMatchObject({
      kind: 'failed',
      usage: null,
    });
    expect(endpoint.requests).toHaveLength(1);
  });

  it('costs the same streamed and whole, to the token, cached and reasoning tokens included', async () => {
    const { call, endpoint, streamed } = await start();
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      prompt_tokens_details: { cached_tokens: 40 },
      completion_tokens_details: { reasoning_tokens: 30 },
    };
    const whole = await call(completes({ usage }));
    const stream = await call(completes({ usage }), streamed);
    expect(whole).toEqual(stream);
    expect(whole).toMatchObject({
      answer: { text: 'Four.', output: { finishReason: 'stop' } },
      usage: { inputTokens: 100, cachedInputTokens: 40, outputTokens: 50 },
    });
    expect(JSON.parse(endpoint.requests[0]!.body)).not.toHaveProperty('stream');
    expect(JSON.parse(endpoint.requests[1]!.body)).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  const lies: [string, Record<string, unknown> | null, RegExp][] = [
    ['reports nothing', null, /did not say how many tokens/],
    ['reports no tokens of the answer', { prompt_tokens: 12 }, /whole numbers/],
    ['reports a negative number', { ...USAGE, completion_tokens: -5 }, /whole numbers/],
    ['reports a fraction', { ...USAGE, prompt_tokens: 1.5 }, /whole numbers/],
    ['reports more input than was sent', { ...USAGE, prompt_tokens: 271 }, /271 input tokens.*at most 270/],
    ['reports more output than was allowed', { ...USAGE, completion_tokens: 4_097 }, /4097 output tokens/],
    ['reports absurdly much', { prompt_tokens: 1e300, completion_tokens: 1e300 }, /whole numbers/],
    ['reports more from the cache than there was', { ...USAGE, prompt_tokens_details: { cached_tokens: 13 } }, /cache/],
  ];
  it.each(lies)('is not taken and not paid when the endpoint %s', async (_, usage, message) => {
    const { call, streamed } = await start();
    for (const more of [{}, streamed]) {
      const result = await call(completes({ usage }), more);
      expect(result).toMatchObject({ kind: 'failed', usage: null, brokeDown: true, message: expect.stringMatching(message) });
    }
  });

  it('needs no report when tokens are free', async () => {
    const { call, parts } = await start();
    const pricing = { ...rankedCandidate().pricing, inputPerMTokUsd: '0', outputPerMTokUsd: '0', cachedInputPerMTokUsd: null };
    expect(await call(completes({ usage: null }), { candidate: { ...parts.candidate, pricing } })).toMatchObject({
      kind: 'answered',
      usage: { inputTokens: 0, outputTokens: 0 },
    });
  });

  it('is paid when the endpoint worked and said nothing of use', async () => {
    const { call, streamed } = await start();
    const paid = { inputTokens: 12, cachedInputTokens: 0, outputTokens: 5 };
    expect(await call(json(200, { choices: [], usage: USAGE }))).toMatchObject({ kind: 'failed', brokeDown: true, usage: paid });
    expect(await call(json(200, { choices: [] }))).toMatchObject({ kind: 'failed', brokeDown: true, usage: null });
    for (const more of [{}, streamed]) {
      expect(await call(completes({ text: '' }), more)).toMatchObject({ kind: 'failed', brokeDown: true, usage: paid });
      expect(await call(completes({ text: '', finishReason: 'length' }), more)).toMatchObject({ brokeDown: false, usage: paid });
    }
  });

  const faults: [string, Behaviour, RegExp][] = [
    ['refuses the key', json(401, { error: { message: `Incorrect API key ${KEY}` } }), /refused the key \(401\)/],
    ['is asked too often', json(429, { error: { message: 'slow down' } }), /too often \(429\)/],
    ['fails', json(500, { error: { message: 'stack trace' } }), /answered 500$/],
    ['answers HTML', ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), /not JSON/],
    ['answers other JSON', json(200, { hello: 'world' }), /not one of an OpenAI-compatible|no choices/],
    [
      'answers half of JSON',
      ({ response }) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices'),
      /./,
    ],
    ['redirects', ({ response }) => void response.writeHead(302, { location: 'http://example.com/' }).end(), /redirect/],
    ['resets the connection', reset, /broke the connection off/],
    [
      'breaks off in the middle of a whole answer',
      ({ response }) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"choices":[', () => response.socket?.resetAndDestroy());
      },
      /broke the connection off/,
    ],
  ];
  it.each(faults)('breaks down with a clear message and no secret when the endpoint %s', async (_, behaviour, message) => {
    const env = { MESH_MODEL_KEY_X: KEY, MESH_MODEL_KEY_X_HOSTS: '127.0.0.1' };
    const { call, parts, connection } = await start(env);
    const candidate = { ...parts.candidate, connection: { ...connection, apiKeyEnv: 'MESH_MODEL_KEY_X' } };
    for (const latencyClass of ['INTERACTIVE', 'BATCH']) {
      const result = await call(behaviour, { candidate, input: { latencyClass } });
      expect(result).toMatchObject({ kind: 'failed', usage: null, brokeDown: true, message: expect.stringMatching(message) });
      expect(JSON.stringify(result)).not.toMatch(/hunter2|stack trace|slow down/);
    }
  });

  const halves: [string, Behaviour, RegExp][] = [
    ['ends', ({ response }) => void response.end(), /no end/],
    ['is reset', reset, /broke the connection off/],
    ['falls silent', hang, /fell silent/],
    ['turns into rubbish', ({ response }) => void response.end('data: {"choices": [{"delta\n\n'), /./],
    ['tells of an error', ({ response }) => void response.end('data: {"error":{"message":"secret"}}\n\n'), /broke off/],
  ];
  it.each(halves)('breaks down when a stream %s half way', async (_, then, message) => {
    const { call, streamed } = await start();
    const result = await call(halfStream(then), streamed);
    expect(result).toMatchObject({ kind: 'failed', usage: null, brokeDown: true, message: expect.stringMatching(message) });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('lets go of a stream that is aborted half way', async () => {
    const { call, endpoint, streamed } = await start();
    const controller = new AbortController();
    const halfWay = halfStream(() => controller.abort());
    const calling = call(halfWay, { ...streamed, signal: controller.signal });
    const request = await endpoint.nextRequest();
    expect(await calling).toMatchObject({ kind: 'failed', usage: null });
    await request.disconnected;
  });
});

describe('the key of a model', () => {
  const keyed = async (env: Record<string, string>, apiKeyEnv = 'MESH_MODEL_KEY_X') => {
    const under = await start(env);
    const candidate = { ...under.parts.candidate, connection: { ...under.connection, apiKeyEnv } };
    return { ...under, result: await under.call(completes(), { candidate }) };
  };

  it('is sent to a host that its list names', async () => {
    const { result, endpoint } = await keyed({ MESH_MODEL_KEY_X: KEY, MESH_MODEL_KEY_X_HOSTS: 'api.example, 127.0.0.1' });
    expect(result).toMatchObject({ kind: 'answered' });
    expect((await endpoint.nextRequest()).headers['authorization']).toBe(`Bearer ${KEY}`);
  });

  const refusals: [string, Record<string, string>, string, RegExp][] = [
    ['its variable is not set', { MESH_MODEL_KEY_X_HOSTS: '127.0.0.1' }, 'MESH_MODEL_KEY_X', /MESH_MODEL_KEY_X is not set/],
    ['no list names the host', { MESH_MODEL_KEY_X: KEY }, 'MESH_MODEL_KEY_X', /MESH_MODEL_KEY_X_HOSTS does not name/],
    [
      'the list names another port',
      { MESH_MODEL_KEY_X: KEY, MESH_MODEL_KEY_X_HOSTS: '127.0.0.1:1' },
      'MESH_MODEL_KEY_X',
      /does not name/,
    ],
    [
      'its variable has another name',
      { DATABASE_URL: KEY, DATABASE_URL_HOSTS: '127.0.0.1' },
      'DATABASE_URL',
      /not called MESH_MODEL_KEY_/,
    ],
    [
      'it would break the header',
      { MESH_MODEL_KEY_X: `${KEY}\r\nx: y`, MESH_MODEL_KEY_X_HOSTS: '127.0.0.1' },
      'MESH_MODEL_KEY_X',
      /characters/,
    ],
  ];
  it.each(refusals)('goes nowhere when %s, and no message holds it', async (_, env, name, message) => {
    const { result, endpoint } = await keyed(env, name);
    expect(result).toMatchObject({ kind: 'failed', usage: null, brokeDown: false, message: expect.stringMatching(message) });
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(endpoint.requests).toHaveLength(0);
  });
});
