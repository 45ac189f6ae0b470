import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { SUBGRAPH_DEFAULTS, type SubgraphSettings } from '../../../gateway/config/subgraphsConfig.js';
import { createSubgraphClient, type SubgraphClientOptions } from '../../../gateway/fetch/createSubgraphClient.js';
import { knownAnswers } from '../../../gateway/fetch/knownAnswers.js';
import { shareInFlight } from '../../../gateway/fetch/shareInFlight.js';
import type { FetchContext } from '../../../gateway/fetch/SubgraphClient.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import { serve, type Asked, type Answering } from './support/serve.js';
import { query } from './support/scripted.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A subgraph that answers when the test says so. */
async function subgraph(settings: Partial<SubgraphSettings> = {}, options: Partial<SubgraphClientOptions> = {}) {
  const asked: { request: Asked; response: Answering }[] = [];
  const { url, close } = await serve('HTTP/1.1', (request, response) => void asked.push({ request, response }));
  const client = createSubgraphClient({
    name: 'odd',
    url,
    settings: { ...SUBGRAPH_DEFAULTS, ...settings },
    sharing: 'subgraph',
    read: knownAnswers(1_000_000),
    clock: Date.now,
    random: () => 0,
    log: pino({ level: 'silent' }),
    ...options,
  });
  // As the gateway does with every client that says what its answers depend on.
  const shares = options.sharing !== 'off';
  const shared = !shares
    ? client
    : shareInFlight(client, { name: 'odd', clock: Date.now, viewOf: (context) => client.viewOf!(context) });
  closers.push(close, () => client.close());
  const answerAll = (status = 200): void => {
    for (const { response } of asked.splice(0)) response.writeHead(status).end('{"data":{"a":1}}');
  };
  return { client: shared, asked, answerAll };
}

const as = (id: string, headers: Record<string, string> = {}): FetchContext => {
  const { request, signal } = anonymousContext();
  return { request: { ...request, principal: { ...request.principal, id } }, signal, headers };
};

it('shares among all callers whom a foreign subgraph cannot tell apart', async () => {
  const headers = [{ from: 'x-team', name: 'x-team', fallback: null }];
  const { client, asked, answerAll } = await subgraph({ headers });
  const answers = [
    client.request(query('{ a }'), as('ada', { 'x-team': 'red', cookie: 'a' })),
    client.request(query('{ a }'), as('bob', { 'x-team': 'red', cookie: 'b' })),
    client.request(query('{ a }'), as('eve', { 'x-team': 'blue' })),
  ];
  await expect.poll(() => asked.length).toBe(2);
  expect(asked.map(({ request }) => [request.headers['x-team'], request.headers['cookie']]).toSorted()).toEqual([
    ['blue', undefined],
    ['red', undefined],
  ]);
  answerAll();
  const [first, second] = await Promise.all(answers);
  expect(first!.data).toBe(second!.data);
});

it('never shares between callers when the subgraph is told who they are, and gives it no header by a rule', async () => {
  const { client, asked, answerAll } = await subgraph(
    { headers: [{ from: null, name: 'x-rule', value: 'no' }] },
    { sign: async (_, { request }) => ({ 'x-signed': request.principal.id }) },
  );
  const answers = ['ada', 'bob', 'ada'].map((id) => client.request(query('{ a }'), as(id)));
  await expect.poll(() => asked.length).toBe(2);
  expect(asked.map(({ request }) => request.headers['x-signed']).toSorted()).toEqual(['ada', 'bob']);
  expect(asked[0]!.request.headers['x-rule']).toBeUndefined();
  answerAll();
  await Promise.all(answers);
});

it('shares nothing and keeps nothing when sharing is off', async () => {
  const { client, asked, answerAll } = await subgraph({}, { sharing: 'off' });
  for (let round = 0; round < 3; round++) {
    const both = [client.request(query('{ a }'), as('ada')), client.request(query('{ a }'), as('ada'))];
    await expect.poll(() => asked.length).toBe(2);
    answerAll();
    for (const answer of await Promise.all(both)) expect(answer).not.toHaveProperty('isShared');
  }
});

it('tries again, as settled', async () => {
  const retry = { retries: 1, delayMs: 1, maxDelayMs: 1, budgetPercent: 10 };
  const { client, asked, answerAll } = await subgraph({ retry });
  const answer = client.request(query('{ a }'), as('ada'));
  await expect.poll(() => asked.length).toBe(1);
  answerAll(503);
  await expect.poll(() => asked.length).toBe(1);
  answerAll();
  expect(await answer).toMatchObject({ data: { a: 1 } });
});
