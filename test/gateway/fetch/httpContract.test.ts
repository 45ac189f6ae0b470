import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { httpClient, type HttpClientOptions } from '../../../gateway/fetch/httpClient.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import { cut, serve, WIRES, type Answering, type Listener, type Served, type Wire } from './support/serve.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const query = { operation: { query: '{ a }', kind: 'query' }, variables: '{}' } as const;
const mutation = { operation: { query: 'mutation { a }', kind: 'mutation' }, variables: '{}' } as const;

async function against(wire: Wire, listener: Listener, options: Partial<HttpClientOptions> = {}) {
  const served = await serve(wire, listener);
  closers.push(served.close);
  return { served, client: clientOf(wire, served, options) };
}

function clientOf(wire: Wire, { url, ca }: Pick<Served, 'url' | 'ca'>, options: Partial<HttpClientOptions> = {}) {
  const protocol = wire === 'HTTP/2 without TLS' ? 'h2c' : 'auto';
  const client = httpClient({ name: 'odd', url, ca, protocol, clock: Date.now, ...options });
  closers.push(() => client.close());
  return client;
}

const send = (response: Answering, status: number, body: string, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers } as never);
  response.end(body);
};
const answer = '{"data":{"a":1}}';

describe.each(WIRES)('a subgraph over %s', (wire) => {
  it('gets the body as JSON with its length, and is read whatever it calls its answer', async () => {
    const seen: unknown[] = [];
    const { client } = await against(
      wire,
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          seen.push([request.method, request.url, request.headers['content-type'], Buffer.concat(chunks).toString()]);
          seen.push(Number(request.headers['content-length']) === Buffer.concat(chunks).length);
          seen.push(request.headers['x-signed'], request.headers['traceparent']);
          send(response, 200, '{"data":{"a":"grün ∀"}}', { 'content-type': 'text/plain' });
        });
      },
      { sign: async (body) => ({ 'x-signed': String(body.length) }) },
    );
    const { request, signal } = anonymousContext();
    const call = { operation: { query: '{ a }', operationName: 'N', kind: 'query' }, variables: '{"é":"∀"}' } as const;
    expect(await client.request(call, { request: { ...request, traceparent: '00-1' }, signal })).toMatchObject({
      data: { a: 'grün ∀' },
    });
    const body = JSON.stringify({ query: '{ a }', operationName: 'N', variables: { é: '∀' } });
    expect(seen).toEqual([['POST', '/graphql', 'application/json', body], true, String(body.length), '00-1']);
  });

  it('answers many at once, each with its own answer, large ones too', async () => {
    const { client } = await against(wire, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as { variables: { n: number } };
        send(response, 200, JSON.stringify({ data: { a: variables.n, text: 'ä'.repeat(variables.n * 10_000) } }));
      });
    });
    const calls = Array.from({ length: 40 }, (_, n) => client.request({ ...query, variables: `{"n":${n}}` }, anonymousContext()));
    const answers = await Promise.all(calls);
    expect(answers).toMatchObject(answers.map((_, n) => ({ data: { a: n, text: 'ä'.repeat(n * 10_000) } })));
  });

  it.each<[string, Listener, RegExp]>([
    ['answers HTML', (_, response) => send(response, 200, '<html>'), /HTTP 200 without JSON/],
    ['answers nothing', (_, response) => void response.writeHead(204).end(), /HTTP 204 without JSON/],
    ['answers JSON that is no GraphQL', (_, response) => send(response, 200, '{"hello":1}'), /without a GraphQL answer/],
    ['answers a list', (_, response) => send(response, 200, '[1]'), /without a GraphQL answer/],
    ['answers data that is a list', (_, response) => send(response, 200, '{"data":[1]}'), /its data is not an object/],
    ['answers errors that are no list', (_, response) => send(response, 200, '{"errors":"bad"}'), /its errors are not a list/],
    [
      'answers what is not UTF-8',
      (_, response) => void response.end(Buffer.from('{"data":{"a":"\xff"}}', 'latin1')),
      /not UTF-8/,
    ],
    [
      'answers half of a character',
      (_, response) => void response.end(Buffer.from('{"data":{"a":"é"}}').subarray(0, 15)),
      /not UTF-8/,
    ],
    [
      'answers 501 levels',
      (_, response) => send(response, 200, `{"data":{"a":${'['.repeat(499)}${']'.repeat(499)}}}`),
      /over 500 levels/,
    ],
    ['answers half of its JSON', (_, response) => send(response, 200, '{"data":{"a"'), /HTTP 200 without JSON/],
    ['answers compressed', (_, response) => send(response, 200, answer, { 'content-encoding': 'gzip' }), /encoded as gzip/],
    ['redirects', (_, response) => send(response, 302, '', { location: 'http://127.0.0.1:1/' }), /HTTP 302 without JSON/],
    ['hangs up', (_, response) => cut(response), /^The subgraph odd broke off the connection\. Try again\.$/],
    [
      'hangs up after its headers',
      (_, response) => {
        response.writeHead(200, { 'content-length': '16' } as never);
        if ('flushHeaders' in response) response.flushHeaders();
        setTimeout(() => cut(response), 5);
      },
      /^The subgraph odd broke off the connection\. Try again\.$/,
    ],
    [
      'hangs up in the middle',
      (_, response) => {
        response.writeHead(200);
        (response as { write(text: string): void }).write(answer.slice(0, 5));
        setTimeout(() => cut(response), 5);
      },
      /^The subgraph odd broke off the connection\. Try again\.$/,
    ],
  ])('%s', async (_, listener, why) => {
    const { client } = await against(wire, listener);
    await expect(client.request(query, anonymousContext())).rejects.toMatchObject({
      code: 'SUBREQUEST_FAILED',
      message: expect.stringMatching(why),
      extensions: { service: 'odd' },
    });
  });

  it.each([400, 500])('answers GraphQL with HTTP %i', async (status) => {
    const body = { data: null, errors: [{ message: 'no', path: ['a'] }] };
    const { client } = await against(wire, (_, response) => send(response, status, JSON.stringify(body)));
    expect(await client.request(query, anonymousContext())).toMatchObject(body);
  });

  it('says that it cannot, and when to ask again', async () => {
    const { client } = await against(wire, (_, response) =>
      send(response, 503, '{"errors":[{"message":"later"}]}', { 'retry-after': '2' }),
    );
    expect(await client.request(query, anonymousContext())).toMatchObject({
      data: null,
      errors: [{ message: 'later' }],
      refusal: { retryAfterMs: 2_000 },
    });
    const { client: other } = await against(wire, (_, response) => send(response, 502, '<html>'));
    await expect(other.request(query, anonymousContext())).rejects.toMatchObject({
      isPassing: true,
      refusal: { retryAfterMs: null },
    });
  });

  it('answers without end', async () => {
    const { client } = await against(
      wire,
      (_, response) => {
        const more = (gone?: Error | null): void => {
          if (gone || response.writableEnded) return;
          (response as { write(text: string, then: typeof more): void }).write('x'.repeat(10_000), more);
        };
        response.on('error', () => undefined);
        more();
      },
      { maxResponseBytes: 100_000 },
    );
    await expect(client.request(query, anonymousContext())).rejects.toMatchObject({
      code: 'SUBREQUEST_FAILED',
      message: expect.stringMatching(/over 100000 bytes/),
    });
  });

  it('has headers without end', async () => {
    const { client } = await against(wire, (_, response) => send(response, 200, answer, { 'x-large': 'x'.repeat(100_000) }));
    await expect(client.request(query, anonymousContext())).rejects.toMatchObject({ code: 'SUBREQUEST_FAILED' });
  });

  it('never answers, or drips: the call ends with its timeout, its deadline or its caller, and others go on', async () => {
    const drip: Listener = (_, response) => {
      response.on('error', () => undefined);
      const timer = setInterval(() => (response as { write(text: string): void }).write(' '), 5);
      response.on('close', () => clearInterval(timer));
    };
    for (const listener of [() => undefined, drip] as Listener[]) {
      const { client } = await against(wire, listener, { timeoutMs: 40 });
      await expect(client.request(query, anonymousContext())).rejects.toMatchObject({ code: 'SUBGRAPH_TIMEOUT' });
      const { request, signal } = anonymousContext();
      const soon = { request: { ...request, deadlineAt: Date.now() + 20 }, signal };
      await expect(client.request(query, soon)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    }
    let isHanging = true;
    const { client } = await against(wire, (_, response) => void (isHanging || send(response, 200, answer)));
    const gone = new AbortController();
    const waiting = client.request(query, { ...anonymousContext(), signal: gone.signal });
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(client.request(query, { ...anonymousContext(), signal: gone.signal })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    isHanging = false;
    expect(await client.request(query, anonymousContext())).toMatchObject({ data: { a: 1 } });
  });

  it('cannot be reached, and is asked again later', async () => {
    const { served, client } = await against(wire, (_, response) => send(response, 200, answer));
    await served.close();
    closers.splice(closers.indexOf(served.close), 1);
    await expect(client.request(query, anonymousContext())).rejects.toMatchObject({
      code: 'SUBREQUEST_FAILED',
      message: 'The subgraph odd cannot be reached. Try again.',
      isPassing: true,
    });
    const again = await serve(wire, (_, response) => send(response, 200, answer));
    closers.push(again.close);
    const moved = clientOf(wire, again);
    expect(await moved.request(query, anonymousContext())).toMatchObject({ data: { a: 1 } });
  });

  it('keeps few connections for many requests, and closes them when the client is closed', async () => {
    const { served, client } = await against(wire, (_, response) => send(response, 200, answer));
    for (let n = 0; n < 20; n++) expect(await client.request(query, anonymousContext())).toMatchObject({ data: { a: 1 } });
    expect(served.connections()).toBeLessThanOrEqual(2);
    await client.close();
    const closed = once(served.server, 'close');
    served.server.close();
    await closed;
    closers.splice(closers.indexOf(served.close), 1);
    await expect(client.request(query, anonymousContext())).rejects.toMatchObject({ code: 'SUBREQUEST_FAILED' });
  });

  it('lets what is on the way end when the client is closed', async () => {
    let isAsked = false;
    let respond = (): void => undefined;
    const { client } = await against(wire, (_, response) => {
      isAsked = true;
      respond = () => send(response, 200, answer);
    });
    const waiting = client.request(query, anonymousContext());
    await expect.poll(() => isAsked).toBe(true);
    const closed = client.close();
    respond();
    expect(await waiting).toMatchObject({ data: { a: 1 } });
    await closed;
  });

  it('gets no more at the same time than it may, and what waits is bounded too', async () => {
    const waiting: (() => void)[] = [];
    const { client } = await against(wire, (_, response) => void waiting.push(() => send(response, 200, answer)), {
      maxConcurrent: 2,
      maxQueued: 1,
    });
    const three = [1, 2, 3].map(() => client.request(query, anonymousContext()));
    await expect(client.request(query, anonymousContext())).rejects.toMatchObject({ code: 'TOO_BUSY', isOfSubgraph: false });
    await expect.poll(() => waiting.length).toBe(2);
    waiting.shift()!();
    await expect.poll(() => waiting.length).toBe(2);
    for (const respond of waiting) respond();
    expect(await Promise.all(three)).toHaveLength(3);
    // Who leaves while it waits makes room for another.
    waiting.length = 0;
    const two = [1, 2].map(() => client.request(query, anonymousContext()));
    const gone = new AbortController();
    const third = client.request(query, { ...anonymousContext(), signal: gone.signal });
    gone.abort();
    await expect(third).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const fourth = client.request(query, anonymousContext());
    await expect.poll(() => waiting.length).toBe(2);
    for (const respond of waiting.splice(0)) respond();
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]!();
    expect(await Promise.all([...two, fourth])).toHaveLength(3);
  });

  it('may close a kept connection: a query goes over a fresh one, a mutation does not', async () => {
    let answered = 0;
    let cutAt = 2;
    const { client } = await against(wire, (request, response) => {
      if (++answered !== cutAt) return send(response, 200, answer);
      // All of the connection, without a byte of an answer.
      const { socket } = 'stream' in response ? { socket: response.stream.session! } : request;
      socket.destroy();
    });
    await client.request(query, anonymousContext());
    expect(await client.request(query, anonymousContext())).toMatchObject({ data: { a: 1 } });
    expect(answered).toBe(3);
    cutAt = 4;
    await expect(client.request(mutation, anonymousContext())).rejects.toMatchObject({
      message: 'The subgraph odd broke off the connection. Try again.',
    });
    expect(answered).toBe(4);
  });
});

describe.each(['HTTP/2 over TLS', 'HTTP/2 without TLS'] as const)('a subgraph over %s', (wire) => {
  it('lets go of the connection: what is on the way ends, what comes takes another', async () => {
    const responses: Answering[] = [];
    const { served, client } = await against(wire, (_, response) => void responses.push(response));
    const first = client.request(query, anonymousContext());
    await expect.poll(() => responses.length).toBe(1);
    const [response] = responses;
    if (!response || !('stream' in response)) throw new Error('no stream');
    response.stream.session!.goaway(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = client.request(query, anonymousContext());
    await expect.poll(() => responses.length).toBe(2);
    for (const each of responses) send(each, 200, answer);
    expect(await Promise.all([first, second])).toMatchObject([{ data: { a: 1 } }, { data: { a: 1 } }]);
    expect(served.connections()).toBe(2);
  });

  it('puts all requests on one connection', async () => {
    const { served, client } = await against(wire, (_, response) => send(response, 200, answer));
    await Promise.all(Array.from({ length: 50 }, () => client.request(query, anonymousContext())));
    expect(served.connections()).toBe(1);
  });
});

it('does not trust a server whose certificate nobody vouches for', async () => {
  for (const wire of ['HTTP/1.1 over TLS', 'HTTP/2 over TLS'] as const) {
    const served = await serve(wire, (_, response) => send(response, 200, answer));
    closers.push(served.close);
    for (const protocol of ['auto', 'http1'] as const) {
      const client = clientOf(wire, { url: served.url, ca: undefined }, { protocol });
      await expect(client.request(query, anonymousContext())).rejects.toMatchObject({
        message: 'The subgraph odd cannot be reached. Try again.',
      });
    }
  }
});
