import { expect, it } from 'vitest';
import { inProcessClient } from '../../../gateway/fetch/inProcessClient.js';
import { ANONYMOUS } from '../../../subgraphs/shared/principal.js';

const ask = { operation: { query: '{ a }', kind: 'query' }, variables: '{}' } as const;
const request = { principal: ANONYMOUS, operationId: 'o', deadlineAt: Infinity };

it('stops waiting when the operation has no time left', async () => {
  const never = inProcessClient({ execute: () => new Promise(() => undefined) });
  const over = new AbortController();
  const waiting = never.request(ask, { request, signal: over.signal });
  over.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await expect(never.request(ask, { request, signal: over.signal })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
});

it('answers with what the subgraph answers', async () => {
  const client = inProcessClient({ execute: async () => ({ data: { a: 1 } }) });
  expect(await client.request(ask, { request, signal: new AbortController().signal })).toEqual({ data: { a: 1 } });
});
