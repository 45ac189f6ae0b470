import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { httpClient, type HttpClientOptions } from '../../../gateway/fetch/httpClient.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import { freePort } from '../../support/freePort.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function against(answer: RequestListener, options: Partial<HttpClientOptions> = {}) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const client = httpClient({ name: 'odd', url, clock: () => 0, ...options });
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await client.close();
  });
  return client;
}

const ask = { operation: { query: '{ a }', kind: 'query' }, variables: '{}' } as const;
const json =
  (body: unknown): RequestListener =>
  (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

describe('a subgraph that does not behave', () => {
  it.each<[string, RequestListener, RegExp]>([
    ['answers HTML', json('<html>'), /without JSON/],
    ['answers JSON that is no GraphQL', json({ hello: 1 }), /without a GraphQL answer/],
    ['answers a list', json([1]), /without a GraphQL answer/],
    ['answers data that is a list', json({ data: [1] }), /its data is not an object/],
    ['answers errors that are no list', json({ data: {}, errors: 'bad' }), /its errors are not a list/],
    ['hangs up', (request) => void request.socket.destroy(), /^The subgraph odd broke off the connection\. Try again\.$/],
    [
      'hangs up in the middle',
      (_, response) =>
        void (response.writeHead(200, { 'content-length': 100 }), response.write('{'), setTimeout(() => response.destroy(), 5)),
      /^The subgraph odd broke off the connection\. Try again\.$/,
    ],
    ['redirects', (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /HTTP 302/],
  ])('%s', async (_, answer, why) => {
    const client = await against(answer);
    await expect(client.request(ask, anonymousContext())).rejects.toMatchObject({
      code: 'SUBREQUEST_FAILED',
      message: expect.stringMatching(why),
      extensions: { service: 'odd' },
    });
  });

  it('is dead: said in words to the client, and once with the raw error to the log', async () => {
    const port = await freePort();
    const lines: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    const client = httpClient({ name: 'dead', url: `http://127.0.0.1:${port}/graphql`, clock: Date.now, log });
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(client.request(ask, anonymousContext())).rejects.toMatchObject({
        code: 'SUBREQUEST_FAILED',
        message: 'The subgraph dead cannot be reached. Try again.',
      });
    }
    await client.close();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('ECONNREFUSED');
  });

  it('answers without end', async () => {
    const client = await against(
      (_, response) => {
        const more = (): void => void (response.destroyed || response.write('x'.repeat(10_000), more));
        more();
      },
      { maxResponseBytes: 100_000 },
    );
    await expect(client.request(ask, anonymousContext())).rejects.toMatchObject({
      code: 'SUBREQUEST_FAILED',
      message: expect.stringMatching(/over 100000 bytes/),
    });
  });

  it('never answers', async () => {
    const client = await against(() => undefined, { timeoutMs: 50 });
    await expect(client.request(ask, anonymousContext())).rejects.toMatchObject({ code: 'SUBGRAPH_TIMEOUT' });
    const patient = await against(() => undefined);
    const gone = new AbortController();
    const waiting = patient.request(ask, { ...anonymousContext(), signal: gone.signal });
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('answers late: an operation may wait as long as its deadline says, and no longer', async () => {
    const delays: number[] = [];
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      delays.push(ms);
      return ms < 1_000 ? AbortSignal.abort() : new AbortController().signal;
    });
    try {
      const client = await against(json({ data: { a: 1 } }), { clock: () => 5_000 });
      const until = (deadlineAt: number) => {
        const { request, signal } = anonymousContext();
        return client.request(ask, { request: { ...request, deadlineAt }, signal });
      };
      expect(await until(95_000)).toEqual({ data: { a: 1 } });
      expect(await until(1_000_000)).toEqual({ data: { a: 1 } });
      await expect(until(5_500)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      await expect(until(4_000)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(delays).toEqual([90_000, 120_000, 500, 1]);
    } finally {
      timeout.mockRestore();
    }
  });

  it('reports errors of any shape', async () => {
    const client = await against(
      json({ data: null, errors: [null, { message: 1 }, { message: 'x', path: ['a', {}, 0], extensions: 'no' }] }),
    );
    expect(await client.request(ask, anonymousContext())).toEqual({
      data: null,
      errors: [
        { message: 'The subgraph reported an error without a message.' },
        { message: 'The subgraph reported an error without a message.' },
        { message: 'x', path: ['a', 0] },
      ],
    });
  });
});

it('signs what it sends, and keeps its connections', async () => {
  const sockets = new Set<unknown>();
  const seen: unknown[] = [];
  const client = await against(
    (request, response) => {
      sockets.add(request.socket);
      seen.push(request.headers['x-signed']);
      json({ data: { a: 1 } })(request, response);
    },
    { sign: async (body) => ({ 'x-signed': String(body.length) }) },
  );
  for (let n = 0; n < 5; n++) expect(await client.request(ask, anonymousContext())).toEqual({ data: { a: 1 } });
  expect(sockets.size).toBeLessThan(5);
  expect(new Set(seen)).toEqual(new Set([String(JSON.stringify({ query: '{ a }', variables: {} }).length)]));
});
