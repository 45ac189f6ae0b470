import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { print } from 'graphql';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { printed } from '../../../gateway/execution/Outcome.js';
import type { Call } from '../../../gateway/context/createCall.js';
import type { SubsequentResult } from '../../../gateway/execution/Outcome.js';
import { serveOperations } from '../support/serveOperations.js';

const SDL = `
  directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
  type Query { agent: Agent }
  type Agent { id: ID! name: String quality: Float }
`;
const QUERY = '{ agent { id name ... @defer(label: "slow") { quality } } }';
const PARTS = 'multipart/mixed;deferSpec=20220824';
const slow: SubsequentResult = {
  incremental: [{ label: 'slow', path: ['agent'], data: { quality: 0.9 } }],
  hasNext: false,
};

describe('an answer in parts', () => {
  let served: Awaited<ReturnType<typeof serveOperations>>;
  let release: (part: SubsequentResult) => void;
  let fail: (error: unknown) => void;
  let returned: number;
  let call: Call | undefined;
  let finish: () => void = () => undefined;

  beforeAll(async () => {
    served = await serveOperations(SDL, async (operation, caller) => {
      call = caller;
      const agent = { id: 'a', name: 'Ada' };
      if (!operation.acceptsIncremental || !print(operation.document).includes('@defer'))
        return printed(JSON.stringify({ agent: { ...agent, quality: 0.9 } }));
      const first = new Promise<SubsequentResult>((resolve, reject) => {
        release = resolve;
        fail = reject;
      });
      const left = new Promise<void>((resolve) => (finish = resolve));
      const done = { value: undefined, done: true } as const;
      let taken = false;
      return {
        initialResult: printed(JSON.stringify({ agent }), [{ message: 'partly', extensions: { code: 'SUBREQUEST_FAILED' } }]),
        subsequentResults: {
          next: async () => {
            if (taken) return done;
            taken = true;
            return Promise.race([first.then((value) => ({ value, done: false as const })), left.then(() => done)]);
          },
          return: async () => {
            returned++;
            finish();
            return done;
          },
        },
      };
    });
  });
  afterAll(() => served.close());
  beforeEach(() => {
    returned = 0;
    call = undefined;
  });

  const post = (accept: string, query = QUERY) =>
    fetch(served.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query }),
    });

  it("reaches Apollo's client: what is ready at once, the rest when it is", async () => {
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new HttpLink({ uri: served.url, fetch }),
      incrementalHandler: new Defer20220824Handler(),
    });
    const seen: unknown[] = [];
    const watching = client
      .watchQuery({ query: gql(QUERY), errorPolicy: 'all' })
      .subscribe(({ data, dataState }) => seen.push([dataState, data]));
    await expect.poll(() => seen.at(-1)).toMatchObject(['streaming', { agent: { id: 'a', name: 'Ada' } }]);
    expect(seen.at(-1)).not.toMatchObject(['streaming', { agent: { quality: 0.9 } }]);
    release(slow);
    await expect.poll(() => seen.at(-1)).toMatchObject(['complete', { agent: { id: 'a', name: 'Ada', quality: 0.9 } }]);
    watching.unsubscribe();
    client.stop();
  });

  it('is written as deferSpec=20220824 has it, each part whole before the next is there', async () => {
    const response = await post(`${PARTS}, application/json`);
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      200,
      'multipart/mixed; boundary="-"; deferSpec=20220824',
      'no-store',
    ]);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const readTo = async (end: string) => {
      while (!text.endsWith(end)) text += (await reader.read()).value;
    };
    const part = '\r\ncontent-type: application/json; charset=utf-8\r\n\r\n';
    const initial =
      '{"errors":[{"message":"partly","extensions":{"code":"SUBREQUEST_FAILED"}}],"data":{"agent":{"id":"a","name":"Ada"}},"hasNext":true}';
    await readTo(`\r\n---${part}${initial}\r\n---`);
    release(slow);
    await readTo(`${part}${JSON.stringify(slow)}\r\n-----\r\n`);
    expect((await reader.read()).done).toBe(true);
    expect(returned).toBe(1);
  });

  it('comes whole to who does not take parts', async () => {
    const response = await post('application/json');
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual({ data: { agent: { id: 'a', name: 'Ada', quality: 0.9 } } });
  });

  it('has one part when the answer is whole and the client takes nothing else', async () => {
    const response = await post(PARTS, '{ agent { id } }');
    expect(response.headers.get('content-type')).toContain('multipart/mixed');
    const whole = '{"data":{"agent":{"id":"a","name":"Ada","quality":0.9}},"hasNext":false}';
    expect(await response.text()).toBe(`\r\n---\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${whole}\r\n-----\r\n`);
    const refused = await post(PARTS, '{ nothing }');
    expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
    await refused.body!.cancel();
  });

  it('ends with an error in its last part when the rest fails', async () => {
    const response = await post(PARTS);
    await expect.poll(() => call).toBeDefined();
    fail(new Error('a secret of the house'));
    const text = await response.text();
    expect(text).toMatch(
      /"incremental":\[\{"path":\[\],"errors":\[\{"message":"Internal error".*"hasNext":false\}\r\n-----\r\n$/,
    );
    expect(text).not.toContain('secret');
  });

  it('is given up when the client leaves', async () => {
    const request = httpRequest(served.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: PARTS } });
    request.on('error', () => undefined);
    request.end(JSON.stringify({ query: QUERY }));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    response.on('error', () => undefined);
    expect(call!.signal.aborted).toBe(false);
    request.destroy();
    await expect.poll(() => returned).toBeGreaterThan(0);
    expect(call!.signal.aborted).toBe(true);
  });
});
