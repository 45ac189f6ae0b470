import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { latestOnly } from '../../../gateway/compose/latestOnly.js';

it('works on one after the other, and leaves out those that a later one has overtaken', async () => {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = latestOnly<number>(async (value) => {
    begun.push(value);
    await new Promise<void>((resolve) => ends.push(resolve));
  });
  for (const value of [1, 2, 3]) work(value);
  expect(begun).toEqual([1]);
  ends.pop()!();
  await expect.poll(() => begun).toEqual([1, 3]);
  work(4);
  ends.pop()!();
  await expect.poll(() => begun).toEqual([1, 3, 4]);
  ends.pop()!();
  await setImmediate();
  work(5);
  expect(begun).toEqual([1, 3, 4, 5]);
  ends.pop()!();
});
