import { expect, it } from 'vitest';
import { propagateHeaders } from '../../../gateway/fetch/propagateHeaders.js';
import { anonymousContext } from '../../support/anonymousContext.js';

it('gives what the rules name, and nothing else of the client', () => {
  const propagate = propagateHeaders([
    { from: 'x-request-id', name: 'x-request-id', fallback: 'none' },
    { from: 'x-team', name: 'x-tenant', fallback: null },
    { from: 'x-bad', name: 'x-bad', fallback: null },
    { from: null, name: 'authorization', value: 'Bearer ours' },
  ]);
  const headers = { 'x-team': ['a', 'b'], 'x-bad': 'x\r\ny: z', authorization: 'Bearer theirs', cookie: 'c' };
  expect(propagate({ ...anonymousContext(), headers })).toEqual({
    'x-request-id': 'none',
    'x-tenant': 'a, b',
    authorization: 'Bearer ours',
  });
  expect(propagate(anonymousContext())).toEqual({ 'x-request-id': 'none', authorization: 'Bearer ours' });
});
