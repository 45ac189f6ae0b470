import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FetchError, timeIsOver } from '../../../../gateway/fetch/FetchError.js';
import { withBreaker } from '../../../../gateway/fetch/resilience/withBreaker.js';
import type { SubgraphClient, SubgraphResponse } from '../../../../gateway/fetch/SubgraphClient.js';
import { anonymousContext } from '../../../support/anonymousContext.js';
import { query } from '../support/scripted.js';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const settings = { failurePercent: 50, windowMs: 10_000, minRequests: 20, openMs: 2_000 };

function broken(outcome: () => SubgraphResponse | Promise<SubgraphResponse>) {
  let asked = 0;
  const inner: SubgraphClient = {
    request: async () => {
      asked++;
      return outcome();
    },
    close: async () => undefined,
  };
  const client = withBreaker(inner, 'odd', settings);
  const ask = () => client.request(query('{ a }'), anonymousContext());
  /** Over some seconds, as the window counts them. */
  const askOften = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) {
      await ask().catch(() => undefined);
      await vi.advanceTimersByTimeAsync(100);
    }
  };
  return { ask, askOften, asked: () => asked };
}

const down = (): never => {
  throw new FetchError('SUBREQUEST_FAILED', 'down', { service: 'odd', isPassing: true });
};

it.each<[string, () => SubgraphResponse]>([
  ['does not answer', down],
  ['answers that it cannot', () => ({ data: null, refusal: { retryAfterMs: null } })],
])('asks a subgraph that %s no more, then lets one request through, and goes on when that is answered', async (_, failing) => {
  let isDown = true;
  let answer = (): void => undefined;
  const { ask, askOften, asked } = broken(() => {
    if (isDown) return failing();
    return new Promise((resolve) => (answer = () => resolve({ data: { a: 1 } })));
  });
  await askOften(60);
  const soFar = asked();
  expect(soFar).toBeLessThan(60);
  await expect(ask()).rejects.toMatchObject({
    code: 'SUBGRAPH_UNAVAILABLE',
    message: 'The subgraph odd failed too often and is not asked for a moment. Try again.',
    extensions: { service: 'odd' },
  });
  expect(asked()).toBe(soFar);

  await vi.advanceTimersByTimeAsync(2_000);
  isDown = false;
  const trial = ask();
  // The others do not wait for it.
  await expect(ask()).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
  expect(asked()).toBe(soFar + 1);
  answer();
  expect(await trial).toEqual({ data: { a: 1 } });
  const next = ask();
  answer();
  expect(await next).toEqual({ data: { a: 1 } });
});

it.each<[string, () => SubgraphResponse]>([
  ['reports errors in its answers', () => ({ data: null, errors: [{ message: 'no' }] })],
  [
    'is asked by operations without time',
    () => {
      throw timeIsOver('odd');
    },
  ],
])('goes on with a subgraph that %s', async (_, outcome) => {
  const { askOften, asked } = broken(outcome);
  await askOften(100);
  expect(asked()).toBe(100);
});

it('lets a few failures pass', async () => {
  let n = 0;
  const { askOften, asked } = broken(() => (n++ % 3 === 0 ? down() : { data: {} }));
  await askOften(200);
  expect(asked()).toBe(200);
});
