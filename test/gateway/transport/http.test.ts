import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../../support/graphqlClient.js';
import { startTestGateway, type TestGateway } from '../support/startTestGateway.js';

const json = { 'content-type': 'application/json' };

describe('the HTTP entrance', () => {
  let mesh: TestGateway;
  let release: () => void;
  let seen: AbortSignal | undefined;
  beforeAll(async () => {
    mesh = await startTestGateway({
      resolvers: {
        Query: {
          agent: (_: unknown, { id }: { id: string }, context: { signal: AbortSignal }) => {
            if (id === 'slow') {
              seen = context.signal;
              return new Promise((resolve) => {
                release = () => resolve({ id, name: 'Slow' });
                context.signal.addEventListener('abort', release);
              });
            }
            if (id === 'broken') throw new Error('a bug in a subgraph');
            return { id, name: `Agent ${id}` };
          },
          ask: (_: unknown, args: { _route: string }) => ({ text: args._route, costUsd: '0', stale: false }),
        },
      },
      control: {
        route: async (routed) => {
          if (routed[0]?.coordinate === 'Query.routePreview') throw new TypeError('a secret of the house');
          return Object.fromEntries(routed.map(({ hintVariable }) => [hintVariable, 'hint']));
        },
      },
    });
  });
  afterAll(() => mesh.close());

  const post = (body: string, headers: Record<string, string> = json, path = '/graphql') =>
    fetch(`${mesh.url}${path}`, { method: 'POST', headers, body });
  const query = (text: string, variables: object = {}) => JSON.stringify({ query: text, variables });

  it('answers a query over POST and over GET', async () => {
    expect(await send(mesh.url, '{ agent(id: "a") { name } }')).toEqual({ status: 200, data: { agent: { name: 'Agent a' } } });
    const get = await fetch(`${mesh.url}/graphql?query=${encodeURIComponent('{ agent(id: "b") { name } }')}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect(await get.json()).toEqual({ data: { agent: { name: 'Agent b' } } });
  });

  const repeated = (text: string, times: number) =>
    Array.from({ length: times }, (_, n) => text.replace('#', String(n))).join(' ');
  it.each<[string, string, Record<string, string>, number, string]>([
    ['a body that is not JSON', '{"query"', json, 400, 'BAD_USER_INPUT'],
    ['JSON that is not an object', '[]', json, 400, 'BAD_USER_INPUT'],
    ['a list that is too long', `[${Array(11).fill(query('{ __typename }')).join()}]`, json, 400, 'BAD_USER_INPUT'],
    ['no query', '{"variables":{}}', json, 400, 'BAD_USER_INPUT'],
    ['a form', 'query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['text', query('{ __typename }'), { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'another charset',
      query('{ __typename }'),
      { 'content-type': 'application/json; charset=utf-16' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['compressed JSON', query('{ __typename }'), { ...json, 'content-encoding': 'gzip' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a type that nobody makes', query('{ __typename }'), { ...json, accept: 'application/xml' }, 406, 'NOT_ACCEPTABLE'],
    ['an empty body', '', json, 400, 'BAD_USER_INPUT'],
    ['a syntax error', query('{ agent('), json, 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', query('{ nothing }'), json, 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a hidden argument',
      query('{ ask(input: {taskClass: "x"}, _route: "forged") { text } }'),
      json,
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a wrong variable', query('query ($id: ID!) { agent(id: $id) { id } }', { id: {} }), json, 400, 'BAD_USER_INPUT'],
    [
      'an unknown operation name',
      JSON.stringify({ query: 'query A { __typename }', operationName: 'B' }),
      json,
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a subscription', query('subscription { taskEvents { kind } }'), json, 400, 'SUBSCRIPTION_UNSUPPORTED'],
    [
      'too many levels',
      query(`{ agent(id: "a") ${'{ supervisor '.repeat(40)} { id } ${'}'.repeat(40)} }`),
      json,
      400,
      'OPERATION_TOO_LARGE',
    ],
    ['brackets that would exhaust the stack', query(`{ agent(id: ${'['.repeat(14_000)}`), json, 400, 'OPERATION_TOO_LARGE'],
    ['too many aliases', query(`{ agent(id: "a") { ${repeated('n#: name', 201)} } }`), json, 400, 'OPERATION_TOO_LARGE'],
    ['too many fields', query(`{ agent(id: "a") { ${'name '.repeat(3_001)} } }`), json, 400, 'OPERATION_TOO_LARGE'],
    [
      'an alias that JavaScript takes for the prototype',
      query('{ __proto__: agent(id: "a") { name } }'),
      json,
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['too many root fields', query(`{ ${'__typename '.repeat(101)} }`), json, 400, 'OPERATION_TOO_LARGE'],
    ['too many tokens', query(`{ agent(id: "a") { ${'name '.repeat(15_000)} } }`), json, 400, 'OPERATION_TOO_LARGE'],
    [
      'fragments that multiply',
      query(
        `{ agent(id: "a") { ...G0 } } ` +
          Array.from(
            { length: 20 },
            (_, n) => `fragment G${n} on Agent { ${n < 19 ? `...G${n + 1} ...G${n + 1}` : 'name'} }`,
          ).join(' '),
      ),
      json,
      400,
      'OPERATION_TOO_LARGE',
    ],
    ['a body over 2 MB', query(`{ agent(id: "${'a'.repeat(2_100_000)}") { id } }`), json, 413, 'REQUEST_TOO_LARGE'],
    ['an unknown token', query('{ __typename }'), { ...json, authorization: 'Bearer nonsense' }, 401, 'UNAUTHENTICATED'],
    ['a malformed token', query('{ __typename }'), { ...json, authorization: 'Basic dXNlcjpw' }, 401, 'UNAUTHENTICATED'],
    [
      'a token that is too long',
      query('{ __typename }'),
      { ...json, authorization: `Bearer ${'a'.repeat(9_000)}` },
      401,
      'UNAUTHENTICATED',
    ],
    ['a budget in words', query('{ __typename }'), { ...json, 'x-mesh-budget-usd': 'a dollar' }, 400, 'BAD_USER_INPUT'],
    ['a negative budget', query('{ __typename }'), { ...json, 'x-mesh-budget-usd': '-1' }, 400, 'BAD_USER_INPUT'],
    ['a deadline of nothing', query('{ __typename }'), { ...json, 'x-mesh-deadline-ms': '0' }, 400, 'BAD_USER_INPUT'],
    ['a page of elsewhere', query('{ __typename }'), { ...json, origin: 'https://evil.example' }, 403, 'FORBIDDEN'],
    [
      'a page under a rebound name',
      query('{ __typename }'),
      { ...json, origin: 'http://evil.example:4000', host: 'evil.example:4000' },
      403,
      'FORBIDDEN',
    ],
  ])('refuses %s', async (_, body, headers, status, code) => {
    const response = await post(body, headers);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(response.status).toBe(status);
  });

  it('shows where the operation declares the variable that is wrong', async () => {
    const response = await post(query('query (\n  $id: ID!\n) { agent(id: $id) { id } }', {}), json);
    expect(await response.json()).toMatchObject({
      errors: [{ locations: [{ line: 2, column: 3 }], extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('refuses effects over GET, and mutations', async () => {
    const get = (text: string) =>
      fetch(`${mesh.url}/graphql?query=${encodeURIComponent(text)}`, { headers: { 'apollo-require-preflight': '1' } });
    const routed = await get('{ ask(input: { taskClass: "x" }) { text } }');
    expect(routed.status).toBe(405);
    expect(await routed.json()).toMatchObject({ errors: [{ extensions: { code: 'ROUTED_FIELD_OVER_GET' } }] });
    expect((await get('mutation { agentSetStatus(id: "a", status: ACTIVE) { agent { id } } }')).status).toBe(405);
    expect((await send(mesh.url, '{ ask(input: { taskClass: "x" }) { text } }')).data).toEqual({ ask: { text: 'hint' } });
  });

  it('takes an empty operation name for none', async () => {
    const response = await post(JSON.stringify({ query: '{ agent(id: "a") { name } }', operationName: '' }));
    expect(await response.json()).toEqual({ data: { agent: { name: 'Agent a' } } });
  });

  it.each<[string, Record<string, string>, number]>([
    ['of another site', { 'sec-fetch-site': 'cross-site' }, 400],
    ['of another origin, by an older browser', { origin: 'http://localhost:3000' }, 400],
    ['of another site that asked first', { 'sec-fetch-site': 'cross-site', 'apollo-require-preflight': '1' }, 200],
    ['of its own site', { 'sec-fetch-site': 'same-origin' }, 200],
    ['of its own site by a name that was rebound', { 'sec-fetch-site': 'same-origin', host: 'evil.example:4000' }, 403],
    ['of no browser', {}, 200],
  ])('answers a GET of a page only when it could read the answer: %s', async (_, headers, status) => {
    // Not by fetch, which is a browser too and sets some of these by itself.
    const request = httpRequest(`${mesh.url}/graphql?query=${encodeURIComponent('{ __typename }')}`, { headers });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(status);
  });

  it('refuses bytes that are not UTF-8, in a body and in a URL', async () => {
    const body = Buffer.concat([Buffer.from('{"query":"{ agent(id: \\"'), Buffer.from([0xc3]), Buffer.from('\\") { id } }"}')]);
    const sent = await fetch(`${mesh.url}/graphql`, { method: 'POST', headers: json, body });
    const asked = await fetch(`${mesh.url}/graphql?query=%7B__typename%7D&operationName=%C3`);
    for (const response of [sent, asked]) {
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('UTF-8') }] });
    }
  });

  it('gives the type that is asked for, and the status that goes with it', async () => {
    const wrong = query('{ nothing }');
    const old = await post(wrong, { ...json, accept: 'application/json' });
    expect([old.status, old.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    const newer = await post(wrong, { ...json, accept: 'application/graphql-response+json, application/json;q=0.9' });
    expect([newer.status, newer.headers.get('content-type')]).toEqual([400, 'application/graphql-response+json; charset=utf-8']);
    expect(newer.headers.get('vary')).toBe('origin, authorization, accept, accept-encoding');
    // Who is not let in, or was not understood, is told so by the status in any case.
    expect((await post('{', { ...json, accept: 'application/json' })).status).toBe(400);
    const stranger = await post(query('{ __typename }'), { ...json, accept: 'application/json', authorization: 'Bearer no' });
    expect(stranger.status).toBe(401);
  });

  it('answers HEAD with the headers of GET and nothing else', async () => {
    const url = `${mesh.url}/graphql?query=${encodeURIComponent('{ agent(id: "h") { name } }')}`;
    const [get, head] = [await fetch(url), await fetch(url, { method: 'HEAD' })];
    const length = Buffer.byteLength(await get.text());
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(length), '']);
  });

  it('says nothing of a bug but the trace id, under which the log has it', async () => {
    const answer = await send(mesh.url, '{ routePreview(input: { taskClass: "x" }) { id } }', {}, 'dev-admin', {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(answer).toEqual({
      status: 500,
      errors: [
        {
          message: 'Internal error',
          extensions: { code: 'INTERNAL_SERVER_ERROR', traceId: '0af7651916cd43dd8448eb211c80319c' },
        },
      ],
    });
    expect(mesh.logs.find((line) => line.includes('0af7651916cd43dd8448eb211c80319c'))).toContain('a secret of the house');
  });

  it('keeps the siblings of a field that fails, and the place of the failure', async () => {
    const answer = await send(mesh.url, '{ good: agent(id: "a") { name } bad: agent(id: "broken") { name } }');
    expect(answer.data).toEqual({ good: { name: 'Agent a' }, bad: null });
    expect(answer.errors!.map(({ path }) => path)).toEqual([['bad']]);
  });

  it('answers two requests at once, each on its own time', async () => {
    const slow = send(mesh.url, '{ agent(id: "slow") { name } }');
    await expect.poll(() => seen).toBeDefined();
    expect((await send(mesh.url, '{ agent(id: "a") { name } }')).status).toBe(200);
    release();
    expect((await slow).data).toEqual({ agent: { name: 'Slow' } });
  });

  it('aborts the operation of a client that leaves, and of one whose deadline is over', async () => {
    seen = undefined;
    const client = httpRequest(`${mesh.url}/graphql`, { method: 'POST', headers: json });
    client.on('error', () => undefined);
    client.end(query('{ agent(id: "slow") { name } }'));
    await expect.poll(() => seen).toBeDefined();
    const gone = once(seen!, 'abort');
    client.destroy();
    await gone;

    seen = undefined;
    await send(mesh.url, '{ agent(id: "slow") { name } }', {}, 'dev-admin', { 'x-mesh-deadline-ms': '50' });
    expect(seen!.aborted).toBe(true);
  });

  it('serves health, readiness, metrics and the landing page', async () => {
    expect(await (await fetch(`${mesh.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${mesh.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${mesh.url}/metrics`)).text();
    expect(metrics).toMatch(/^mesh_operations_total\{kind="query",outcome="ok"\} [1-9]/m);
    expect(metrics).toMatch(/^mesh_http_requests_total\{method="POST",status="200"\} [1-9]/m);
    expect(metrics).toMatch(/^mesh_http_requests_total\{method="POST",status="401"\} [1-9]/m);
    expect(metrics).toMatch(/^mesh_subgraph_requests_total\{subgraph="agents",outcome="ok"\} [1-9]/m);
    expect(metrics).toMatch(/^mesh_active_subscriptions 0$/m);
    expect(metrics).not.toMatch(/target_info|host_name|process_/);
    const page = await fetch(`${mesh.url}/`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toMatch(/apollo/i);
    expect(await (await fetch(`${mesh.url}/`)).text()).toContain('/graphiql');
    expect((await fetch(`${mesh.url}/elsewhere`)).status).toBe(404);
  });

  it('lets Apollo Sandbox in, and tells other pages nothing', async () => {
    const preflight = (origin: string) => fetch(`${mesh.url}/graphql`, { method: 'OPTIONS', headers: { origin } });
    const sandbox = await preflight('https://studio.apollographql.com');
    expect(sandbox.status).toBe(204);
    expect(sandbox.headers.get('access-control-allow-origin')).toBe('https://studio.apollographql.com');
    expect(sandbox.headers.get('access-control-allow-credentials')).toBeNull();
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});
