import { expect, it } from 'vitest';
import { retryAfterMs } from '../../../gateway/fetch/retryAfter.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

it.each([
  [undefined, null],
  ['0', 0],
  ['120', 120_000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
  ['-1 apples', null],
  ['soon', null],
])('reads a Retry-After of %j', (text, ms) => {
  expect(retryAfterMs(text, NOW)).toBe(ms);
});
