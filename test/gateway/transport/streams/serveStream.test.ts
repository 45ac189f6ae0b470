import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { MeshError } from '../../../../gateway/errors.js';
import { createStreams } from '../../../../gateway/transport/streams/createStreams.js';
import { serveStream } from '../../../../gateway/transport/streams/serveStream.js';
import { MULTIPART_EVENTS, MULTIPART_PARTS, SSE, type StreamForm } from '../../../../gateway/transport/streams/StreamForm.js';

const log = pino({ level: 'silent' });
const close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of close.splice(0)) await end();
});

/** Serves every request from a source; resolves to the response of one. */
async function serve(form: StreamForm, source: () => AsyncIterator<unknown>, heartbeatMs?: number) {
  const streams = createStreams(heartbeatMs);
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const exchange = {
      request,
      response,
      cors: {},
      compresses: false,
      isAnswered: false,
      isHandedOver: false,
      gone: gone.signal,
    };
    void serveStream(streams, exchange, form, { source: source(), traceId: 'trace', log });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close.push(async () => {
    server.close();
    server.closeAllConnections();
    if (server.listening) await once(server, 'close');
  });
  const request = httpRequest({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false });
  request.on('error', () => undefined);
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { streams, request, response };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

/** `values`, then it ends, or fails, or waits for ever. */
function sourceOf(values: readonly unknown[], then: 'end' | 'wait' | Error = 'end') {
  let taken = 0;
  let settle: (() => void) | undefined;
  const done = { value: undefined, done: true } as const;
  const state = { asked: 0, returned: 0 };
  const source: AsyncIterator<unknown> = {
    next: async () => {
      state.asked++;
      if (taken < values.length) return { value: values[taken++], done: false };
      if (then === 'wait') await new Promise<void>((resolve) => (settle = resolve));
      if (then instanceof Error) throw then;
      return done;
    },
    return: async () => {
      state.returned++;
      settle?.();
      return done;
    },
  };
  return { source: () => source, state };
}

describe('a stream', () => {
  it.each([
    ['server-sent events', SSE],
    ['a multipart answer', MULTIPART_EVENTS],
    ['an answer in parts', MULTIPART_PARTS],
  ])('of %s waits for a slow reader and loses nothing', async (_, form) => {
    const long = 'x'.repeat(1_000_000);
    const values = Array.from({ length: 60 }, (_value, n) => ({ n, long }));
    const { source, state } = sourceOf(values);
    const { response } = await serve(form, source);
    // Not read: its buffers and the system's fill up, and then nobody asks the source any more.
    let before = 0;
    const stands = (): boolean => before === (before = state.asked) && before > 0;
    await expect.poll(stands, { interval: 200, timeout: 10_000 }).toBe(true);
    expect(state.asked).toBeLessThan(values.length);
    const text = await textOf(response);
    expect([...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n))).toEqual(values.map(({ n }) => n));
    expect(state.returned).toBe(1);
  });

  it('lets go of its source when the client leaves, though an event is being waited for', async () => {
    const { source, state } = sourceOf([{ n: 1 }], 'wait');
    const { request } = await serve(SSE, source);
    await expect.poll(() => state.asked).toBe(2);
    request.destroy();
    await expect.poll(() => state.returned).toBeGreaterThan(0);
  });

  it.each([
    [SSE, '{"errors":[{"message":"No more.","extensions":{"code":"FORBIDDEN"}}]}\n\nevent: complete\ndata:\n\n'],
    [MULTIPART_EVENTS, '{"payload":null,"errors":[{"message":"No more.","extensions":{"code":"FORBIDDEN"}}]}\r\n--graphql--\r\n'],
    [
      MULTIPART_PARTS,
      '{"incremental":[{"path":[],"errors":[{"message":"No more.","extensions":{"code":"FORBIDDEN"}}]}],"hasNext":false}\r\n-----\r\n',
    ],
  ])('tells why it ends early (%#)', async (form, end) => {
    const { response } = await serve(form, sourceOf([{ n: 1 }], new MeshError('FORBIDDEN', 'No more.')).source);
    const text = await textOf(response);
    expect(text).toContain('"n":1');
    expect(text.endsWith(end)).toBe(true);
  });

  it('says that it lives while nothing happens, and ends when the gateway closes', async () => {
    const { streams, response } = await serve(MULTIPART_EVENTS, sourceOf([], 'wait').source, 5);
    let text = '';
    response.on('data', (chunk) => (text += String(chunk)));
    await expect.poll(() => text.split('{}').length).toBeGreaterThan(3);
    const ended = once(response, 'end');
    await streams.close(0);
    await ended;
    expect(text).toMatch(/\{"payload":null,"errors":\[\{.*"TOO_BUSY"\}\}\]\}\r\n--graphql--\r\n$/);
    expect(() => streams.refuseClosing()).toThrow('closing');
  });

  it('of parts is given its time when the gateway closes', async () => {
    let release: () => void = () => undefined;
    const later = new Promise<void>((resolve) => (release = resolve));
    const { source, state } = sourceOf([{ n: 1 }]);
    const slow: AsyncIterator<unknown> = { ...source(), next: () => later.then(() => source().next()) };
    const { streams, response } = await serve(MULTIPART_PARTS, () => slow);
    const text = textOf(response);
    const closing = streams.close(20_000);
    release();
    await closing;
    expect(await text).toMatch(/\{"n":1\}\r\n-----\r\n$/);
    expect(state.returned).toBe(1);
  });
});
