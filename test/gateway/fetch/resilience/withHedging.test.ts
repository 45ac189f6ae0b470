import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withHedging } from '../../../../gateway/fetch/resilience/withHedging.js';
import { anonymousContext } from '../../../support/anonymousContext.js';
import { mutation, query, scripted } from '../support/scripted.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function hedged(afterMs: number | 'p95' = 100) {
  const subgraph = scripted();
  return { ...subgraph, client: withHedging(subgraph.client, { afterMs, budgetPercent: 5 }) };
}

const first = { data: { a: 1 } };
const second = { data: { a: 2 } };

it('sends a slow query once more, gives what comes first, and ends the other', async () => {
  for (const winner of [0, 1]) {
    const { client, asked } = hedged();
    const answer = client.request(query('{ a }'), anonymousContext());
    await vi.advanceTimersByTimeAsync(99);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toHaveLength(2);
    asked[winner]!.answer(winner === 0 ? first : second);
    expect(await answer).toBe(winner === 0 ? first : second);
    expect(asked.map(({ context }) => context.signal.aborted)).toEqual(winner === 0 ? [false, true] : [true, false]);
    asked[1 - winner]!.fail(new Error('ended'));
  }
});

it('sends what is quick once, and never a mutation twice', async () => {
  const { client, asked } = hedged();
  const quick = client.request(query('{ a }'), anonymousContext());
  asked[0]!.answer(first);
  expect(await quick).toBe(first);
  const changing = client.request(mutation, anonymousContext());
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(2);
  asked[1]!.answer(second);
  expect(await changing).toBe(second);
});

it('waits for the other when one fails, and fails when both do', async () => {
  const { client, asked } = hedged();
  const saved = client.request(query('{ a }'), anonymousContext());
  await vi.advanceTimersByTimeAsync(100);
  asked[0]!.fail(new Error('down'));
  asked[1]!.answer(second);
  expect(await saved).toBe(second);
  const lost = client.request(query('{ a }'), anonymousContext());
  await vi.advanceTimersByTimeAsync(100);
  asked[2]!.fail(new Error('down'));
  asked[3]!.fail(new Error('down too'));
  await expect(lost).rejects.toThrow('down too');
  // What fails at once is not sent again: that is what retries are for.
  const refused = client.request(query('{ a }'), anonymousContext());
  asked[4]!.fail(new Error('refused'));
  await expect(refused).rejects.toThrow('refused');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(5);
});

it('ends both when nobody waits any more', async () => {
  const { client, asked } = hedged();
  const gone = new AbortController();
  const waiting = client.request(query('{ a }'), { ...anonymousContext(), signal: gone.signal });
  await vi.advanceTimersByTimeAsync(100);
  gone.abort();
  expect(asked.map(({ context }) => context.signal.aborted)).toEqual([true, true]);
  for (const each of asked) each.fail(new Error('ended'));
  await expect(waiting).rejects.toThrow('ended');
});

it('does not double the load of a subgraph that is slow for all', async () => {
  const { client, asked } = hedged();
  for (let n = 0; n < 200; n++) void client.request(query('{ a }'), anonymousContext());
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.length - 200).toBeLessThanOrEqual(20);
  expect(asked.length - 200).toBeGreaterThanOrEqual(5);
});

it('finds out what is slow: later than 95 of a hundred', async () => {
  const { client, asked } = hedged('p95');
  for (let n = 1; n <= 20; n++) {
    const answer = client.request(query('{ a }'), anonymousContext());
    await vi.advanceTimersByTimeAsync(n * 10);
    asked.at(-1)!.answer(first);
    await answer;
  }
  expect(asked).toHaveLength(20);
  void client.request(query('{ a }'), anonymousContext());
  await vi.advanceTimersByTimeAsync(199);
  expect(asked).toHaveLength(21);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(22);
});
