import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { createClient } from 'graphql-sse';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEventGateway, TASK_EVENTS, type SeenTask } from '../../support/startEventGateway.js';

const headers = { authorization: 'Bearer dev-admin' };
const json = { ...headers, 'content-type': 'application/json' };
const SSE = 'text/event-stream';
const MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0, application/json';

describe('subscriptions over HTTP', () => {
  let mesh: Awaited<ReturnType<typeof startEventGateway>>;
  beforeAll(async () => {
    mesh = await startEventGateway();
  });
  afterAll(() => mesh.close());

  const url = () => `${mesh.url}/graphql`;
  const sseClient = (singleConnection: boolean, retryAttempts = 0) =>
    createClient({ url: url(), headers: { ...headers }, singleConnection, retryAttempts });
  const apolloClient = () => new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url(), headers, fetch }) });
  /** A subscription whose bytes the test reads by itself. */
  const subscribe = async (accept: string, variables = {}) => {
    const request = httpRequest(url(), { method: 'POST', headers: { ...json, accept }, agent: false });
    request.end(JSON.stringify({ query: TASK_EVENTS, variables }));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { request, response };
  };
  const textUntil = async (response: IncomingMessage, end: string): Promise<string> => {
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
      if (text.includes(end)) break;
    }
    return text;
  };

  it.each([
    ['of its own', false],
    ['of many', true],
  ])("reach graphql-sse's client in a connection %s, beside its queries", async (_, singleConnection) => {
    const client = sseClient(singleConnection);
    const first = client.iterate<{ agent: { name: string } }>({ query: '{ agent(id: "a") { name } }' });
    const seen = client.iterate<SeenTask>({ query: TASK_EVENTS });
    expect((await first.next()).value).toEqual({ data: { agent: { name: 'Agent a' } } });
    const next = seen.next();
    await expect.poll(mesh.active).toBe(1);
    await mesh.append('s1');
    await mesh.append('s2', 'RUNNING');
    expect((await next).value).toMatchObject({
      data: { taskEvents: { kind: 'QUEUED', task: { id: 's1', taskClass: 'class of s1' } } },
    });
    const second = (await seen.next()).value as { data: SeenTask };
    expect(second.data.taskEvents).toMatchObject({ kind: 'RUNNING', task: { id: 's2' } });
    await seen.return!();
    await expect.poll(mesh.active).toBe(0);
    client.dispose();
  });

  it('go on from a cursor over another transport', async () => {
    const client = sseClient(false);
    const seen = client.iterate<SeenTask>({ query: TASK_EVENTS });
    const next = seen.next();
    await expect.poll(mesh.active).toBe(1);
    await mesh.append('c1');
    const { cursor } = ((await next).value as { data: SeenTask }).data.taskEvents;
    await seen.return!();
    client.dispose();
    await mesh.append('c2');
    const apollo = apolloClient();
    const ids: string[] = [];
    const subscription = apollo
      .subscribe<SeenTask>({ query: gql(TASK_EVENTS), variables: { after: cursor } })
      .subscribe(({ data }) => ids.push(data!.taskEvents.task.id));
    await expect.poll(() => ids).toEqual(['c2']);
    subscription.unsubscribe();
    await expect.poll(mesh.active).toBe(0);
    apollo.stop();
  });

  it("reach Apollo's client in parts of one answer", async () => {
    const apollo = apolloClient();
    const seen: unknown[] = [];
    const subscription = apollo.subscribe<SeenTask>({ query: gql(TASK_EVENTS) }).subscribe(({ data }) => seen.push(data));
    await expect.poll(mesh.active).toBe(1);
    await mesh.append('m1');
    await mesh.append('m2');
    await expect.poll(() => seen.length).toBe(2);
    expect(seen).toMatchObject(['m1', 'm2'].map((id) => ({ taskEvents: { task: { id, taskClass: `class of ${id}` } } })));
    subscription.unsubscribe();
    await expect.poll(mesh.active).toBe(0);
    apollo.stop();
  });

  it.each<[string, string, Record<string, unknown>, string]>([
    ['a syntax error', 'subscription {', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { nothing }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['what is no cursor', TASK_EVENTS, { after: 'yesterday' }, 'BAD_CURSOR'],
  ])('tell of %s in the way that each protocol has', async (_, query, variables, code) => {
    for (const singleConnection of [false, true]) {
      const client = sseClient(singleConnection);
      const results = client.iterate({ query, variables });
      expect((await results.next()).value).toMatchObject({ errors: [{ extensions: { code } }] });
      expect((await results.next()).done).toBe(true);
      client.dispose();
    }
    const response = await fetch(url(), {
      method: 'POST',
      headers: { ...json, accept: 'multipart/mixed;subscriptionSpec=1.0' },
      body: JSON.stringify({ query, variables }),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
  });

  it.each([SSE, MULTIPART])('refuse a stranger with a status, whatever is accepted (%s)', async (accept) => {
    const body = JSON.stringify({ query: TASK_EVENTS });
    const response = await fetch(url(), { method: 'POST', headers: { ...json, authorization: 'Bearer no', accept }, body });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  it('come over GET too, and never over HEAD', async () => {
    const address = `${url()}?${new URLSearchParams({ query: TASK_EVENTS })}`;
    const gone = new AbortController();
    const got = await fetch(address, { headers: { ...headers, accept: SSE }, signal: gone.signal });
    expect([got.status, got.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    gone.abort();
    expect((await fetch(address, { method: 'HEAD', headers: { ...headers, accept: SSE } })).status).toBe(200);
    await expect.poll(mesh.active).toBe(0);
  });

  it('end for a client that is cut off, with their readers', async () => {
    const opened = await Promise.all([SSE, MULTIPART, SSE, MULTIPART].map((accept) => subscribe(accept)));
    await expect.poll(mesh.active).toBe(4);
    for (const { request } of opened) request.destroy();
    await expect.poll(mesh.active).toBe(0);
  });

  it.each([
    [SSE, ''],
    [
      MULTIPART,
      '{"payload":null,"errors":[{"message":"The gateway is closing. Connect again.","extensions":{"code":"TOO_BUSY"}}]}',
    ],
  ])('end when the gateway closes, so that the client connects again (%s)', async (accept, told) => {
    const other = await startEventGateway();
    const request = httpRequest(`${other.url}/graphql`, { method: 'POST', headers: { ...json, accept } });
    request.end(JSON.stringify({ query: TASK_EVENTS }));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await expect.poll(other.active).toBe(1);
    const [text] = await Promise.all([textUntil(response, '\0'), other.close()]);
    expect(text).toContain(told);
    expect(text).not.toContain('complete');
  });

  describe('in a stream of many', () => {
    const reserve = async (token = 'dev-admin') => {
      const response = await fetch(url(), { method: 'PUT', headers: { authorization: `Bearer ${token}` } });
      expect(response.status).toBe(201);
      return response.text();
    };
    const send = async (method: string, token: string, body?: object, search = '', more: Record<string, string> = {}) => {
      const response = await fetch(`${url()}${search}`, {
        method,
        headers: { ...json, 'x-graphql-event-stream-token': token, ...more },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const parsed = text.startsWith('{') ? (JSON.parse(text) as { errors: [{ extensions: { code: string } }] }) : null;
      return [response.status, parsed?.errors[0].extensions.code ?? text];
    };
    const operation = (operationId?: unknown) => ({ query: '{ agent(id: "a") { name } }', extensions: { operationId } });

    it('refuse what does not belong together', async () => {
      const token = await reserve();
      expect(await send('POST', token, operation('1'))).toEqual([409, 'STREAM_CONFLICT']);
      expect(await send('GET', 'ff', undefined, '', { accept: SSE })).toEqual([404, 'STREAM_NOT_FOUND']);
      const gone = new AbortController();
      const open = { ...headers, accept: SSE, 'x-graphql-event-stream-token': token };
      expect((await fetch(url(), { headers: open, signal: gone.signal })).status).toBe(200);
      expect(await send('GET', token, undefined, '', { accept: SSE })).toEqual([409, 'STREAM_CONFLICT']);
      // Whoever knows the token is still somebody else.
      const other = { authorization: 'Bearer dev-viewer' };
      expect(await send('POST', token, operation('1'), '', other)).toEqual([404, 'STREAM_NOT_FOUND']);
      expect(await send('DELETE', token, undefined, '?operationId=1', other)).toEqual([404, 'STREAM_NOT_FOUND']);
      expect(await send('POST', token, operation(7))).toEqual([400, 'BAD_USER_INPUT']);
      expect(await send('POST', token, operation())).toEqual([400, 'BAD_USER_INPUT']);
      expect(await send('DELETE', token)).toEqual([400, 'BAD_USER_INPUT']);
      const subscription = { query: TASK_EVENTS, extensions: { operationId: 'same' } };
      expect(await send('POST', token, subscription)).toEqual([202, '']);
      expect(await send('POST', token, subscription)).toEqual([409, 'STREAM_CONFLICT']);
      await expect.poll(mesh.active).toBe(1);
      expect(await send('DELETE', token, undefined, '?operationId=same')).toEqual([200, '']);
      await expect.poll(mesh.active).toBe(0);
      gone.abort();
      await expect.poll(() => send('POST', token, operation('1'))).toEqual([404, 'STREAM_NOT_FOUND']);
    });

    it('end with their connection, all of them', async () => {
      const token = await reserve();
      const stream = httpRequest(url(), {
        headers: { ...headers, accept: SSE, 'x-graphql-event-stream-token': token },
        agent: false,
      });
      stream.end();
      const [response] = (await once(stream, 'response')) as [IncomingMessage];
      for (let n = 0; n < 20; n++)
        expect(await send('POST', token, { query: TASK_EVENTS, extensions: { operationId: `n${n}` } })).toEqual([202, '']);
      await expect.poll(mesh.active).toBe(20);
      await mesh.append('all');
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      await expect.poll(() => text.match(/"id":"n\d+","payload":\{"data":\{"taskEvents"/g)?.length).toBe(20);
      stream.destroy();
      await expect.poll(mesh.active).toBe(0);
    });
  });
});
