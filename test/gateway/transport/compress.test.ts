import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseEncoding } from '../../../gateway/transport/answer/compress.js';
import { startTestGateway, type TestGateway } from '../support/startTestGateway.js';

describe('the compression of answers', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['identity', null],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['GZIP;q=1, br;q=0.5', 'gzip'],
    ['gzip;q=0, br;q=0', null],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=nonsense', null],
    [',,;;q=', null],
  ])('%s → %s', (header, encoding) => {
    expect(chooseEncoding(header)).toBe(encoding);
  });

  describe('over HTTP', () => {
    let mesh: TestGateway;
    let plain: TestGateway;
    const resolvers = { Query: { agent: (_: unknown, { id }: { id: string }) => ({ id, name: 'ä'.repeat(5_000) }) } };
    beforeAll(async () => {
      mesh = await startTestGateway({ resolvers });
      plain = await startTestGateway({ resolvers, http: { compression: false } });
    });
    afterAll(async () => {
      await mesh.close();
      await plain.close();
    });
    /** Not by fetch, which decompresses. */
    const get = async (url: string, query: string, encoding: string, method = 'GET') => {
      const request = httpRequest(`${url}/graphql?${new URLSearchParams({ query })}`, {
        method,
        headers: { 'accept-encoding': encoding },
      });
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const bytes = Buffer.concat(await response.toArray());
      return { bytes, encoding: response.headers['content-encoding'], headers: response.headers };
    };
    const LARGE = '{ agent(id: "a") { name } }';
    const expected = JSON.stringify({ data: { agent: { name: 'ä'.repeat(5_000) } } });

    it.each([
      ['br', brotliDecompressSync],
      ['gzip', gunzipSync],
    ])('is %s where the client takes it', async (encoding, decompress) => {
      const answer = await get(mesh.url, LARGE, encoding);
      expect(answer.encoding).toBe(encoding);
      expect(answer.bytes.length).toBeLessThan(500);
      expect(decompress(answer.bytes).toString()).toBe(expected);
      expect(answer.headers.vary).toContain('accept-encoding');
      const head = await get(mesh.url, LARGE, encoding, 'HEAD');
      expect([head.headers['content-length'], head.bytes.length]).toEqual([answer.headers['content-length'], 0]);
    });

    it('is left out for small answers, for clients that take none, and when it is switched off', async () => {
      const small = await get(mesh.url, '{ __typename }', 'br');
      expect([small.encoding, small.bytes.toString()]).toEqual([undefined, '{"data":{"__typename":"Query"}}']);
      for (const answer of [await get(mesh.url, LARGE, 'identity'), await get(plain.url, LARGE, 'br, gzip')])
        expect([answer.encoding, answer.bytes.toString()]).toEqual([undefined, expected]);
    });
  });
});
