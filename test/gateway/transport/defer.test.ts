import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SubgraphClient } from '../../../gateway/fetch/SubgraphClient.js';
import { makeShop } from '../../support/shop.js';
import { startShopGateway } from '../support/startShopGateway.js';
import type { TestGateway } from '../support/startTestGateway.js';

const QUERY = '{ me { id name ... @defer(label: "late") { reviews { text } } } }';
const PARTS = 'multipart/mixed;deferSpec=20220824, application/json';

describe('@defer over HTTP, of a supergraph whose one subgraph is slow', () => {
  let gateway: TestGateway;
  let hold: Promise<unknown> = Promise.resolve();
  let signal: AbortSignal | undefined;
  beforeAll(async () => {
    const { supergraphSdl: sdl, clients } = makeShop();
    const reviews = clients.get('reviews')!;
    const slow: SubgraphClient = {
      ...reviews,
      request: async (request, context) => {
        signal = context.signal;
        const left = once(signal, 'abort').then(() => Promise.reject(new Error('aborted')));
        await Promise.race([hold, left]);
        return reviews.request(request, context);
      },
    };
    gateway = await startShopGateway({ source: { sdl, clients: new Map([...clients, ['reviews', slow]]) } });
  });
  afterAll(() => gateway.close());
  const holdReviews = (): (() => void) => {
    let release: () => void = () => undefined;
    hold = new Promise<void>((resolve) => (release = resolve));
    return release;
  };
  const post = (accept: string) =>
    fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query: QUERY }),
    });

  it("shows Apollo's client what is there before the rest is", async () => {
    const release = holdReviews();
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new HttpLink({ uri: `${gateway.url}/graphql`, fetch }),
      incrementalHandler: new Defer20220824Handler(),
    });
    const seen: [string, unknown][] = [];
    const watching = client.watchQuery({ query: gql(QUERY) }).subscribe(({ data, dataState }) => seen.push([dataState, data]));
    await expect.poll(() => seen.at(-1)).toMatchObject(['streaming', { me: { name: expect.any(String) as string } }]);
    expect(JSON.stringify(seen)).not.toContain('reviews');
    release();
    await expect.poll(() => seen.at(-1)?.[0]).toBe('complete');
    const whole = (await (await post('application/json')).json()) as { data: { me: object } };
    expect(seen.at(-1)![1]).toMatchObject(whole.data);
    watching.unsubscribe();
    client.stop();
  });

  it('is whole for who takes no parts', async () => {
    holdReviews()();
    const response = await post('application/graphql-response+json');
    expect(response.headers.get('content-type')).toContain('application/graphql-response+json');
    expect(await response.json()).toMatchObject({ data: { me: { reviews: [{ text: expect.any(String) as string }, {}] } } });
  });

  it('is no longer worked on when the client has left', async () => {
    holdReviews();
    signal = undefined;
    const request = httpRequest(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: PARTS },
    });
    request.on('error', () => undefined);
    request.end(JSON.stringify({ query: QUERY }));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    response.resume();
    await expect.poll(() => signal).toBeDefined();
    const aborted = once(signal!, 'abort');
    request.destroy();
    await aborted;
  });
});
