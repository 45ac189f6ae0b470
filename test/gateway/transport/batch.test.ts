import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MeshError } from '../../../gateway/errors.js';
import { openControl, startTestGateway, type TestGateway } from '../support/startTestGateway.js';

const json = { 'content-type': 'application/json', authorization: 'Bearer dev-admin' };

describe('operations in a list', () => {
  let mesh: TestGateway;
  const governed: string[] = [];
  beforeAll(async () => {
    mesh = await startTestGateway({
      resolvers: { Query: { agent: (_: unknown, { id }: { id: string }) => ({ id, name: `Agent ${id}` }) } },
      control: {
        govern: (...asked) => {
          governed.push(asked[2].id);
          if (asked[1]['id'] === 'denied') throw new MeshError('FORBIDDEN', 'Not this one.');
          return openControl.govern(...asked);
        },
      },
      http: { batchLimit: 5 },
    });
  });
  afterAll(() => mesh.close());

  const post = async (body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${mesh.url}/graphql`, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, cache: response.headers.get('cache-control'), body: (await response.json()) as unknown };
  };
  const agent = (id: string) => ({ query: 'query ($id: ID!) { agent(id: $id) { name } }', variables: { id } });

  it('are answered in its order, each with its own checks and errors', async () => {
    governed.length = 0;
    const answer = await post([agent('a'), { query: '{ nothing }' }, agent('denied'), 7, agent('b')]);
    expect(answer).toEqual({
      status: 200,
      cache: 'no-store',
      body: [
        { data: { agent: { name: 'Agent a' } } },
        { errors: [expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })] },
        { errors: [expect.objectContaining({ extensions: { code: 'FORBIDDEN' } })] },
        { errors: [expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' } })] },
        { data: { agent: { name: 'Agent b' } } },
      ],
    });
    expect(governed).toEqual(['admin', 'admin', 'admin']);
  });

  it.each<[string, unknown, Record<string, string>, number, string]>([
    ['none', [], {}, 400, 'BAD_USER_INPUT'],
    ['more than may be', Array.from({ length: 6 }, () => agent('a')), {}, 400, 'BAD_USER_INPUT'],
    ['those of a stranger', [agent('a')], { authorization: 'Bearer nobody' }, 401, 'UNAUTHENTICATED'],
    ['those for who takes no JSON', [agent('a')], { accept: 'multipart/mixed;deferSpec=20220824' }, 406, 'NOT_ACCEPTABLE'],
    ['those for a shared stream', [agent('a')], { 'x-graphql-event-stream-token': 'ff' }, 400, 'BAD_USER_INPUT'],
  ])('are refused whole: %s', async (_, body, headers, status, code) => {
    const answer = await post(body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ errors: [{ extensions: { code } }] });
  });

  it('may not be subscriptions, whatever is accepted', async () => {
    const accept = 'text/event-stream, application/json;q=0.5';
    const { body } = await post([{ query: 'subscription { taskEvents { kind } }' }, agent('a')], { accept });
    expect(body).toMatchObject([{ errors: [{ extensions: { code: 'SUBSCRIPTION_UNSUPPORTED' } }] }, { data: {} }]);
  });

  it("are sent by Apollo's client", async () => {
    let requests = 0;
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new BatchHttpLink({ uri: `${mesh.url}/graphql`, headers: json, fetch: (...args) => (requests++, fetch(...args)) }),
    });
    const ask = (id: string) => client.query({ query: gql(agent(id).query), variables: { id } });
    const answers = await Promise.all(['x', 'y', 'z'].map(ask));
    expect(answers.map(({ data }) => data)).toMatchObject(['x', 'y', 'z'].map((id) => ({ agent: { name: `Agent ${id}` } })));
    expect(requests).toBe(1);
    client.stop();
  });

  it('are not taken at all when that is switched off', async () => {
    const other = await startTestGateway({ http: { batchLimit: 0 } });
    const response = await fetch(`${other.url}/graphql`, { method: 'POST', headers: json, body: '[{"query":"{ __typename }"}]' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('MESH_BATCH_LIMIT');
    await other.close();
  });
});
