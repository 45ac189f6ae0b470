import { expect, it } from 'vitest';
import { readWorkers } from '../../../gateway/cli/readWorkers.js';

it.each<[string, number, number]>([
  ['1', 8, 1],
  ['128', 8, 128],
  ['auto', 8, 8],
  ['auto', 500, 128],
])('"%s" on %i cores is %i', (text, cores, workers) => {
  expect(readWorkers(text, cores)).toBe(workers);
});

it.each(['', '0', '-1', '1.5', '129', '1e1', 'two', ' 2', 'AUTO'])('refuses "%s"', (text) => {
  expect(() => readWorkers(text)).toThrow(
    expect.objectContaining({ code: 'INVALID_CONFIGURATION', message: expect.stringContaining('--workers') as string }),
  );
});
