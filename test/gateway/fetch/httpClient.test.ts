import { once } from 'node:events';
import { createServer } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { httpClient, type HttpClientOptions } from '../../../gateway/fetch/httpClient.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import { freePort } from '../../support/freePort.js';
import { listening, serve } from './support/serve.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const ask = { operation: { query: '{ a }', kind: 'query' }, variables: '{}' } as const;

async function answering(body: string, options: Partial<HttpClientOptions> = {}) {
  const { url, close } = await serve('HTTP/1.1', (_, response) => void response.end(body));
  const client = httpClient({ name: 'odd', url, clock: Date.now, ...options });
  closers.push(close, () => client.close());
  return client;
}

/** A server that is given what to say to each request, byte for byte. */
async function saying(answers: string[]) {
  const server = createServer((socket) => {
    socket.on('data', () => {
      const said = answers.shift();
      if (said === undefined) socket.destroy();
      else socket.write(said, 'latin1');
    });
  });
  const served = await listening(server);
  const client = httpClient({ name: 'odd', url: served.url, clock: Date.now });
  closers.push(served.close, () => client.close());
  return { client, served };
}

it('tells a dead subgraph in words to the client, and once with the raw error to the log', async () => {
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

it('gives a call no time after its deadline, however far the clock of the machine is', async () => {
  const client = await answering('{"data":{"a":1}}', { clock: () => 5_000 });
  const { request, signal } = anonymousContext();
  const until = (deadlineAt: number) => client.request(ask, { request: { ...request, deadlineAt }, signal });
  expect(await until(95_000)).toMatchObject({ data: { a: 1 } });
  const hanging = await serve('HTTP/1.1', () => undefined);
  const late = httpClient({ name: 'odd', url: hanging.url, clock: () => 5_000, timeoutMs: 60_000 });
  closers.push(hanging.close, () => late.close());
  for (const deadlineAt of [5_020, 5_000, 4_000])
    await expect(late.request(ask, { request: { ...request, deadlineAt }, signal })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
});

it('reports errors of any shape', async () => {
  const errors = [null, { message: 1 }, { message: 'x', path: ['a', {}, 0], extensions: 'no' }];
  const client = await answering(JSON.stringify({ data: null, errors }));
  expect(await client.request(ask, anonymousContext())).toMatchObject({
    data: null,
    errors: [
      { message: 'The subgraph reported an error without a message.' },
      { message: 'The subgraph reported an error without a message.' },
      { message: 'x', path: ['a', 0] },
    ],
  });
});

const ok = (body: string, more = ''): string => `HTTP/1.1 200 OK\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;

it('uses no connection on which something came that nobody asked for', async () => {
  const answer = ok('{"data":{"a":1}}');
  const { client, served } = await saying([answer + ok('{"data":{"a":"of another"}}'), answer, answer]);
  for (let n = 0; n < 3; n++) expect(await client.request(ask, anonymousContext())).toMatchObject({ data: { a: 1 } });
  expect(served.connections()).toBe(2);
});

it('keeps a connection no longer than the server says', async () => {
  const { client, served } = await saying([
    ok('{"data":{"a":1}}', 'keep-alive: timeout=1\r\n'),
    ok('{"data":{"a":1}}', 'Connection: foo, Close\r\n'),
    ok('{"data":{"a":1}}', 'keep-alive: timeout=30, max=9\r\n'),
    ok('{"data":{"a":1}}'),
  ]);
  for (let n = 0; n < 4; n++) expect(await client.request(ask, anonymousContext())).toMatchObject({ data: { a: 1 } });
  expect(served.connections()).toBe(3);
});

it('takes the end of the connection for the end of an answer that does not say where it ends', async () => {
  const server = createServer((socket) =>
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n{"data":');
      setTimeout(() => socket.end('{"a":1}}'), 5);
    }),
  );
  const served = await listening(server);
  const client = httpClient({ name: 'old', url: served.url, clock: Date.now });
  closers.push(served.close, () => client.close());
  for (let n = 1; n < 3; n++) {
    expect(await client.request(ask, anonymousContext())).toMatchObject({ data: { a: 1 } });
    expect(served.connections()).toBe(n);
  }
});

it('says that there were too many when a call has waited its whole time for its turn', async () => {
  const { url, close } = await serve('HTTP/1.1', () => undefined);
  const client = httpClient({ name: 'odd', url, clock: Date.now, timeoutMs: 30, maxConcurrent: 1 });
  closers.push(close, () => client.close());
  const calls = [1, 2].map(() => client.request(ask, anonymousContext()));
  const codes = (await Promise.allSettled(calls)).map(
    (each) => each.status === 'rejected' && (each.reason as { code: string }).code,
  );
  // The first one's end gives the second its turn unless both are over at once.
  expect(codes[0]).toBe('SUBGRAPH_TIMEOUT');
  expect(codes[1]).toMatch(/^(SUBGRAPH_TIMEOUT|TOO_BUSY)$/);
});

it('reaches an address of IPv6', async () => {
  const server = createServer((socket) => socket.on('data', () => socket.write(ok('{"data":{"a":6}}'))));
  server.listen(0, '::1');
  const isThere = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
  // Not every machine has it.
  if (!isThere) return;
  const { port } = server.address() as { port: number };
  const client = httpClient({ name: 'six', url: `http://[::1]:${port}/`, clock: Date.now });
  expect(await client.request(ask, anonymousContext())).toMatchObject({ data: { a: 6 } });
  await client.close();
  server.close();
  await once(server, 'close');
});
