import { expect, it } from 'vitest';
import { refuseDeepJson } from '../../../gateway/transport/jsonDepth.js';

const nested = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;

it('lets through what is nested no deeper than anybody needs, and brackets that are text', () => {
  refuseDeepJson(nested(500));
  refuseDeepJson(JSON.stringify({ query: '{'.repeat(2_000), text: '\\"['.repeat(2_000) }));
  refuseDeepJson(JSON.stringify(Array.from({ length: 10_000 }, () => ({ a: [1] }))));
});

it('refuses what would exhaust the stack', () => {
  expect(() => refuseDeepJson(nested(501))).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  expect(() => refuseDeepJson(`{"a":${nested(100_000)}}`)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
});
