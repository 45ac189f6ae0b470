import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { CostConfig } from '../../../gateway/config/costConfig.js';
import { createMemoryCache } from '../../../gateway/cache/memoryCache.js';
import type { SubgraphClient, SubgraphResponse } from '../../../gateway/fetch/SubgraphClient.js';
import { compose, link } from '../../support/federate.js';
import { makeNewsroom } from '../../support/newsroom.js';
import { startEventGateway } from '../support/startEventGateway.js';
import { startTestGateway, type TestGateway } from '../support/startTestGateway.js';

const SHOP = `${link('2.9', 'key', 'cost', 'listSize')}
  type Query { products(first: Int): [Product] @listSize(slicingArguments: ["first"]) }
  type Mutation { rename(name: String): Product }
  type Product @key(fields: "id") { id: ID! name: String }`;
const STOCK = `${link('2.9', 'key', 'cost')}
  type Product @key(fields: "id") { id: ID! stock: Stock }
  type Stock @cost(weight: 2) { left: Int }`;
const products = Array.from({ length: 3 }, (_, index) => ({ id: String(index), name: `product ${index}` }));

let mesh: TestGateway | undefined;
let asked = 0;
/** Requests to subgraphs wait for this. */
let held: Promise<void> = Promise.resolve();
afterEach(async () => {
  held = Promise.resolve();
  await mesh?.close();
});

function clientFor(sdl: string, resolvers: object): SubgraphClient {
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as Record<string, never> });
  return {
    request: async ({ operation, variables }) => {
      asked++;
      await held;
      const variableValues = JSON.parse(variables) as Record<string, unknown>;
      return JSON.parse(JSON.stringify(await graphql({ schema, source: operation.query, variableValues }))) as SubgraphResponse;
    },
    viewOf: () => '',
    close: async () => undefined,
  };
}

async function start(cost: Partial<CostConfig>, more: Parameters<typeof startTestGateway>[0] = {}): Promise<void> {
  asked = 0;
  const byId = async (reference: { id: string }): Promise<object> => ({ ...reference, stock: { left: 1 } });
  const shop = {
    Query: { products: (_: unknown, { first }: { first?: number }) => products.slice(0, first) },
    Mutation: { rename: () => products[0] },
  };
  mesh = await startTestGateway({
    source: {
      sdl: compose({ shop: SHOP, stock: STOCK }),
      clients: new Map([
        ['shop', clientFor(SHOP, shop)],
        ['stock', clientFor(STOCK, { Product: { __resolveReference: byId } })],
      ]),
    },
    cost,
    ...more,
  });
}

type Body = {
  data?: unknown;
  errors?: { message: string; extensions: Record<string, unknown> }[];
  extensions?: { cost: unknown };
};

async function post(body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${mesh!.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Body, cache: response.headers.get('cache-control') };
}
const ask = (query: string, variables: object = {}, headers: Record<string, string> = {}) => post({ query, variables }, headers);
const codeOf = ({ body }: { body: Body }) => body.errors?.[0]?.extensions['code'] ?? 'answered';
const metric = async (line: string): Promise<string | undefined> => {
  const text = await (await fetch(`${mesh!.url}/metrics`)).text();
  return text.split('\n').find((each) => each.startsWith(line));
};

const LIST = 'query ($n: Int) { products(first: $n) { name } }';

describe('limits that are kept to', () => {
  it('refuse what may cost more, with both figures and the way out, before a subgraph is asked', async () => {
    await start({ mode: 'enforce', limits: { max: 10, clients: new Map(), principals: [] } });
    expect(codeOf(await ask(LIST, { n: 10 }))).toBe('answered');
    const before = asked;
    const refused = await ask(LIST, { n: 11 });
    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      errors: [
        {
          message:
            'The operation is estimated to cost 11, and this caller may ask for 10 at once. Ask for fewer fields or shorter lists, or split it.',
          extensions: { code: 'COST_ESTIMATED_TOO_EXPENSIVE', estimated: 11, limit: 10 },
        },
      ],
    });
    expect(asked).toBe(before);
    expect(codeOf(await ask('{ products(first: 4) { stock { left } } }'))).toBe('COST_ESTIMATED_TOO_EXPENSIVE');
    expect(codeOf(await ask('{ products(first: 3) { stock { left } } }'))).toBe('answered');
    expect(codeOf(await ask('mutation { rename { name } }'))).toBe('COST_ESTIMATED_TOO_EXPENSIVE');
  });

  it('see literals that are written into the text', async () => {
    await start({ mode: 'enforce', limits: { max: 10, clients: new Map(), principals: [] } });
    for (const _ of [1, 2, 3]) {
      expect(codeOf(await ask('{ products(first: 3) { name } }'))).toBe('answered');
      expect(codeOf(await ask('{ products(first: 11) { name } }'))).toBe('COST_ESTIMATED_TOO_EXPENSIVE');
    }
  });

  it('want one slicing argument where the schema does', async () => {
    await start({ mode: 'enforce' });
    const refused = await ask('{ products { name } }');
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toEqual([
      {
        message: 'Query.products needs exactly one of "first", and the operation gives none.',
        extensions: { code: 'COST_SLICING_ARGUMENT' },
      },
    ]);
    expect(asked).toBe(0);
  });

  it('are those of the principal, else of what the client calls itself, else of all', async () => {
    const limits = {
      max: 5,
      clients: new Map([
        ['web', 8],
        ['greedy', 100],
      ]),
      principals: [
        { id: 'viewer', kind: 'USER', max: 6 } as const,
        { tenant: 'demo', role: 'admin', max: 20 },
        { kind: 'AGENT', tenant: 'demo', max: 7 } as const,
        { tenant: 'demo', max: 9 },
      ],
    };
    await start({ mode: 'enforce', limits });
    const limitOf = async (headers: Record<string, string>): Promise<unknown> =>
      (await ask(LIST, { n: 1000 }, headers)).body.errors?.[0]?.extensions['limit'];
    expect(await limitOf({})).toBe(5);
    expect(await limitOf({ 'apollographql-client-name': 'nobody' })).toBe(5);
    expect(await limitOf({ 'apollographql-client-name': 'web' })).toBe(8);
    expect(await limitOf({ 'graphql-client-name': 'web' })).toBe(8);
    expect(await limitOf({ authorization: 'Bearer dev-viewer' })).toBe(6);
    expect(await limitOf({ authorization: 'Bearer dev-viewer', 'apollographql-client-name': 'greedy' })).toBe(6);
    expect(await limitOf({ authorization: 'Bearer dev-agent:a' })).toBe(7);
    expect(await limitOf({ authorization: 'Bearer dev-analyst' })).toBe(9);
  });

  it('hold for each operation of a list', async () => {
    await start({ mode: 'enforce', limits: { max: 2, clients: new Map(), principals: [] } });
    const answers = (await post([1, 3, 2].map((n) => ({ query: LIST, variables: { n } })))).body as Body[];
    expect(answers.map((body) => codeOf({ body }))).toEqual(['answered', 'COST_ESTIMATED_TOO_EXPENSIVE', 'answered']);
  });

  it('hold for whoever asks what somebody with another limit is just being answered', async () => {
    const limits = { max: 2, clients: new Map([['big', 100]]), principals: [] };
    await start({ mode: 'enforce', limits }, { sharing: 'operation' });
    let release: () => void = () => undefined;
    held = new Promise((resolve) => (release = resolve));
    const first = ask(LIST, { n: 3 }, { 'apollographql-client-name': 'big' });
    await expect.poll(() => asked).toBe(1);
    expect(codeOf(await ask(LIST, { n: 3 }))).toBe('COST_ESTIMATED_TOO_EXPENSIVE');
    const second = ask(LIST, { n: 3 }, { 'apollographql-client-name': 'big' });
    release();
    expect([codeOf(await first), codeOf(await second)]).toEqual(['answered', 'answered']);
  });

  it('hold for subscriptions when they begin', async () => {
    const events = await startEventGateway({ cost: { mode: 'enforce', limits: { max: 2, clients: new Map(), principals: [] } } });
    mesh = events;
    const client = createClient({
      url: `${events.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: 'Bearer dev-admin' },
      retryAttempts: 0,
    });
    const refused: unknown[] = [];
    const sink = { next: () => undefined, error: (errors: unknown) => void refused.push(errors), complete: () => undefined };
    client.subscribe({ query: 'subscription { taskEvents { kind task { id } } }' }, sink);
    await expect.poll(() => events.active()).toBe(1);
    client.subscribe({ query: 'subscription { taskEvents { kind task { id agent { id } } } }' }, sink);
    await expect.poll(() => refused).toMatchObject([[{ extensions: { code: 'COST_ESTIMATED_TOO_EXPENSIVE', estimated: 3 } }]]);
    expect(await metric('mesh_operation_cost_estimated_count{kind="subscription",outcome="ok"}')).toMatch(/ 1$/);
    await client.dispose();
  });
});

describe('costs that are measured', () => {
  it('refuse nothing and are counted', async () => {
    await start({ mode: 'measure', limits: { max: 2, clients: new Map(), principals: [] }, countsAnswers: true });
    expect(codeOf(await ask(LIST, { n: 100 }))).toBe('answered');
    expect(codeOf(await ask(LIST, { n: 1 }))).toBe('answered');
    expect(codeOf(await ask('{ products { name } }'))).toBe('answered');
    const estimated = (what: string) => metric(`mesh_operation_cost_estimated_${what}}`);
    expect(await estimated('sum{kind="query",outcome="ok"')).toMatch(/ 1$/);
    expect(await estimated('sum{kind="query",outcome="too_expensive"')).toMatch(/ 100$/);
    expect(await estimated('count{kind="query",outcome="slicing_argument"')).toMatch(/ 1$/);
    expect(await metric('mesh_operation_cost_actual_sum{kind="query",outcome="too_expensive"}')).toMatch(/ 6$/);
    expect(await metric('mesh_operation_cost_actual_bucket{kind="query",outcome="too_expensive",le="3"}')).toMatch(/ 2$/);
    expect(await metric('mesh_operation_cost_actual_count{kind="query",outcome="ok"}')).toMatch(/ 1$/);
  });

  it('are not, when nobody asked for it', async () => {
    await start({ limits: { max: 1, clients: new Map(), principals: [] }, countsAnswers: true, isShown: true });
    const answer = await ask(LIST, { n: 3 }, { 'x-mesh-cost': '1' });
    expect(answer.body).toEqual({ data: { products: products.map(({ name }) => ({ name })) } });
    expect(await metric('mesh_operation_cost')).toBeUndefined();
  });
});

describe('a client that asks what its operations cost', () => {
  const limits = { max: 50, clients: new Map(), principals: [] };
  const SHOW = { 'x-mesh-cost': '1' };

  it('is told, beside the answer', async () => {
    await start({ mode: 'enforce', limits, isShown: true });
    const { body, cache } = await ask(LIST, { n: 7 }, SHOW);
    expect(body).toEqual({
      data: { products: products.map(({ name }) => ({ name })) },
      extensions: { cost: { estimated: 7, actual: 3, limit: 50 } },
    });
    expect(cache).toBe('no-store');
    expect((await ask(LIST, { n: 7 })).body).not.toHaveProperty('extensions');
    expect((await ask('{ __typename }', {}, SHOW)).body).toEqual({
      data: { __typename: 'Query' },
      extensions: { cost: { estimated: 0, actual: 0, limit: 50 } },
    });
  });

  it('is not told where that is not permitted', async () => {
    await start({ mode: 'enforce', limits });
    expect((await ask(LIST, { n: 7 }, SHOW)).body).not.toHaveProperty('extensions');
  });

  it('is told of answers from the cache, and leaves nothing there', async () => {
    const { supergraphSdl: sdl, clients, requests } = makeNewsroom();
    const cache = createMemoryCache({ clock: Date.now });
    await start({ mode: 'measure', isShown: true }, { source: { sdl, clients }, cache, sharing: 'operation' });
    const answers = [];
    for (const headers of [SHOW, {}, SHOW] as Record<string, string>[]) answers.push(await ask('{ latest { id } }', {}, headers));
    const cost = { estimated: 10, actual: 2, limit: null };
    expect(answers.map(({ body: { extensions } }) => extensions)).toEqual([{ cost }, undefined, { cost }]);
    expect(answers.map(({ cache: control }) => control)).toEqual(['no-store', expect.stringContaining('max-age'), 'no-store']);
    expect(requests).toHaveLength(1);
  });

  it('is told of an answer in parts with its last', async () => {
    await start({ mode: 'enforce', limits, isShown: true, countsAnswers: true });
    const response = await fetch(`${mesh!.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed;deferSpec=20220824', ...SHOW },
      body: JSON.stringify({ query: '{ products(first: 5) { name ... @defer { stock { left } } } }' }),
    });
    const parts = (await response.text())
      .split(/\r\n---?-?\r\n|\r\n-----\r\n/)
      .flatMap((part) => /\{.*\}/s.exec(part)?.[0] ?? []);
    const [first, ...rest] = parts.map((part) => JSON.parse(part) as Record<string, unknown>);
    expect(first).toMatchObject({ hasNext: true, extensions: { cost: { estimated: 15, limit: 50 } } });
    expect(rest.at(-1)).toMatchObject({ hasNext: false, extensions: { cost: { estimated: 15, actual: 9, limit: 50 } } });
    expect(await metric('mesh_operation_cost_actual_sum{kind="query",outcome="ok"}')).toMatch(/ 9$/);
  });
});
