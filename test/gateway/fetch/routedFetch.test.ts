import { expect, it } from 'vitest';
import type { SubgraphClient } from '../../../gateway/fetch/SubgraphClient.js';
import { startTestGateway, supergraphSdl } from '../support/startTestGateway.js';

it('counts a fetch that computes a routed field as one with effects, though it is a query', async () => {
  const kinds: [kind: string, isRouted: boolean][] = [];
  const agents: SubgraphClient = {
    request: async ({ operation }) => {
      kinds.push([operation.kind, operation.query.includes('_route')]);
      return { data: { ask: { text: 'hi', __typename: 'Answer' }, agent: null } };
    },
    close: async () => undefined,
  };
  const mesh = await startTestGateway({ source: { sdl: supergraphSdl, clients: new Map([['agents', agents]]) } });
  const response = await fetch(`${mesh.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer dev-admin' },
    body: JSON.stringify({ query: '{ ask(input: { taskClass: "x" }) { text } agent(id: "a") { id } }' }),
  });
  expect(await response.json()).toMatchObject({ data: { ask: { text: 'hi' }, agent: null } });
  expect(kinds.toSorted()).toEqual([
    ['mutation', true],
    ['query', false],
  ]);
  await mesh.close();
});
