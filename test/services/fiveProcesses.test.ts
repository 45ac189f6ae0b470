import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFiveProcesses, type FiveProcesses } from '../support/fiveProcesses.js';
import { send } from '../support/graphqlClient.js';
import { eventually, meshContract } from '../support/meshContract.js';

meshContract(() => startFiveProcesses());

describe('five subgraphs as processes', () => {
  let mesh: FiveProcesses;
  let starting: Promise<FiveProcesses>;
  beforeAll(async () => {
    starting = startFiveProcesses();
    mesh = await starting;
  });
  // Also when it was not there in time.
  afterAll(async () => (await starting).close());

  it.each([
    ['a query', { query: '{ agents { totalCount } }' }],
    ['_service', { query: '{ _service { sdl } }' }],
    ['_entities', { query: '{ _entities(representations: [{ __typename: "Agent", id: "abacus" }]) { ... on Agent { name } } }' }],
    [
      'a forged route hint',
      { query: '{ ask(input: { taskClass: "math.arithmetic", prompt: "1" }, _route: "eyJhbGciOiJub25lIn0.e30.") { text } }' },
    ],
  ])('refuse %s that did not come through the gateway', async (_, body) => {
    const { url } = mesh.subgraphs.get('agents')!;
    for (const headers of [{}, { authorization: 'Bearer dev-admin' }, { 'x-mesh-context': 'eyJhbGciOiJub25lIn0.e30.' }]) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers } as Record<string, string>,
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'CONTEXT_REQUIRED' } }] });
    }
  });

  it('answer without the one that was killed, with its errors located', async () => {
    const query = `{ agents { nodes { id name spend { usd } decisions(first: 1) { totalCount } models { id pricing { version } } } } policies { totalCount } }`;
    const whole = await send<{ agents: { nodes: Record<string, unknown>[] } }>(mesh.url, query);
    expect(whole.errors).toBeUndefined();
    await mesh.subgraphs.get('costs')!.stop('SIGKILL');
    const answer = await send<{ agents: { nodes: Record<string, unknown>[] } }>(mesh.url, query);
    const without = whole.data!.agents.nodes.map((agent) => ({ ...agent, spend: null }));
    expect(answer.data).toEqual({ ...whole.data, agents: { nodes: without } });
    expect(answer.errors!.map(({ path }) => path)).toEqual(without.map((_, index) => ['agents', 'nodes', index, 'spend']));
    for (const { extensions } of answer.errors!)
      expect(extensions).toMatchObject({ code: 'SUBREQUEST_FAILED', service: 'costs' });
  });

  it('is not ready before its subgraphs are', async () => {
    await eventually(
      async () => (await fetch(`${mesh.url}/readyz`)).status,
      (status) => status === 200,
    );
  });

  it('print no warning of Node', () => {
    for (const { output } of [mesh.gateway, ...mesh.subgraphs.values()]) expect(output()).not.toMatch(/Warning/);
  });
});
