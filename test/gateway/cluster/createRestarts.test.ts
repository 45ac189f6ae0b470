import { expect, it } from 'vitest';
import { createRestarts } from '../../../gateway/cluster/createRestarts.js';

it.each<[string, number[], (number | null)[]]>([
  ['waits longer after each quick death in a row, and gives up', [0, 0, 0, 0, 0, 0], [100, 200, 400, 800, 1_600, null]],
  ['begins anew after a long life', [0, 0, 10_000, 0, 0], [100, 200, 100, 100, 200]],
  ['hardly waits after long lives, however many', Array<number>(20).fill(60_000), Array<number>(20).fill(100)],
])('%s', (_, lives, delays) => {
  const next = createRestarts();
  expect(lives.map(next)).toEqual(delays);
});
