import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socketClient, watch } from '../../../support/graphqlClient.js';
import { startTestGateway, type TestGateway } from '../../support/startTestGateway.js';

const LISTED = 'query Listed { agent(id: "a") { name } }';
const resolvers = { Query: { agent: (_: unknown, { id }: { id: string }) => ({ id, name: `Agent ${id}` }) } };
const json = { 'content-type': 'application/json' };

describe('persisted documents', () => {
  let open: TestGateway;
  let closed: TestGateway;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesh-manifest-'));
    const manifestFile = join(folder, 'manifest.json');
    await writeFile(manifestFile, JSON.stringify({ listed: LISTED }));
    open = await startTestGateway({ resolvers });
    closed = await startTestGateway({
      resolvers,
      http: { persisted: { automatic: true, manifestFile, mode: 'only-safelisted' } },
    });
  });
  afterAll(async () => {
    await open.close();
    await closed.close();
    await rm(folder, { recursive: true });
  });

  it.each([false, true])("are left here by Apollo's client, which then names them (GET: %s)", async (useGETForHashedQueries) => {
    const sent: string[] = [];
    const recording: typeof fetch = (url, init) => {
      sent.push(`${init!.method} ${/[?&"]query[="]/.test(String(url) + String(init!.body ?? '')) ? 'text' : 'hash'}`);
      return fetch(url, init);
    };
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: ApolloLink.from([
        new PersistedQueryLink({ sha256, useGETForHashedQueries }),
        new HttpLink({ uri: `${open.url}/graphql`, fetch: recording }),
      ]),
    });
    const query = gql(`query Q${String(useGETForHashedQueries)} { agent(id: "b") { name } }`);
    for (let n = 0; n < 2; n++) {
      const { data } = await client.query({ query, fetchPolicy: 'network-only' });
      expect(data).toMatchObject({ agent: { name: 'Agent b' } });
    }
    const hash = useGETForHashedQueries ? 'GET hash' : 'POST hash';
    expect(sent).toEqual([hash, 'POST text', hash]);
    client.stop();
  });

  it('are all that is answered where only they are, over every transport', async () => {
    const post = async (body: object, accept = '*/*') => {
      const response = await fetch(`${closed.url}/graphql`, {
        method: 'POST',
        headers: { ...json, accept },
        body: JSON.stringify(body),
      });
      return `${response.status} ${await response.text()}`;
    };
    const other = { query: '{ agent(id: "b") { name } }' };
    expect(await post({ documentId: 'listed' })).toBe('200 {"data":{"agent":{"name":"Agent a"}}}');
    expect(await post({ query: LISTED })).toBe('200 {"data":{"agent":{"name":"Agent a"}}}');
    expect(await post(other)).toMatch(/^403 .*QUERY_NOT_IN_SAFELIST/);
    expect(await post(other, 'text/event-stream')).toMatch(/QUERY_NOT_IN_SAFELIST/);
    const get = await fetch(`${closed.url}/graphql?documentId=listed`);
    expect(await get.json()).toEqual({ data: { agent: { name: 'Agent a' } } });
    const client = socketClient(closed.url);
    expect(await watch(client, LISTED).take(1)).toEqual([{ agent: { name: 'Agent a' } }]);
    await expect(watch(client, other.query).take(1)).rejects.toMatchObject([{ extensions: { code: 'QUERY_NOT_IN_SAFELIST' } }]);
    await client.dispose();
  });
});
