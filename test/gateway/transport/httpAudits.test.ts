import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShopGateway } from '../support/startShopGateway.js';
import { startTestGateway } from '../support/startTestGateway.js';

/** https://graphql.github.io/graphql-over-http/draft/, as the audits of graphql-http 1.23.1 have it: 61 of MUST, SHOULD and MAY. */
describe.each([
  ['the mesh', () => startTestGateway()],
  ['a supergraph of others', () => startShopGateway()],
])('GraphQL over HTTP, of %s', (_, start) => {
  let gateway: { readonly url: string; close(): Promise<void> };
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());

  const audits = serverAudits({ url: () => `${gateway.url}/graphql` });

  it('is audited whole', () => {
    expect(audits).toHaveLength(61);
  });

  it.each(audits.map(({ id, name, fn }) => [`${id} ${name}`, fn] as const))('%s', async (_name, audit) => {
    const result = await audit();
    // Reads the body, which holds the connection otherwise.
    if (result.status !== 'ok') await result.response.body?.cancel();
    expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe('ok');
  });
});
