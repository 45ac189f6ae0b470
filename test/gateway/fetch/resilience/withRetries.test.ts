import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FetchError } from '../../../../gateway/fetch/FetchError.js';
import { withRetries } from '../../../../gateway/fetch/resilience/withRetries.js';
import type { SubgraphClient, SubgraphResponse } from '../../../../gateway/fetch/SubgraphClient.js';
import { anonymousContext } from '../../../support/anonymousContext.js';
import { mutation, query } from '../support/scripted.js';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const settings = { retries: 2, delayMs: 100, maxDelayMs: 1_000, budgetPercent: 10 };
const down = new FetchError('SUBREQUEST_FAILED', 'down', { service: 'odd', isPassing: true });
const improper = new FetchError('SUBREQUEST_FAILED', 'HTML', { service: 'odd' });
const busy = (retryAfterMs: number | null): SubgraphResponse => ({ data: null, errors: [], refusal: { retryAfterMs } });
const ok: SubgraphResponse = { data: { a: 1 } };

/** Answers with each of the outcomes in turn, then always with the last. Notes when it was asked. */
function answering(...outcomes: (SubgraphResponse | Error)[]) {
  const at: number[] = [];
  const inner: SubgraphClient = {
    request: async () => {
      at.push(Date.now());
      const outcome = outcomes.length > 1 ? outcomes.shift()! : outcomes[0]!;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    close: async () => undefined,
  };
  const client = withRetries(inner, settings, { clock: Date.now, random: () => 0.5 });
  const ask = async (call = query('{ a }'), context = anonymousContext()) => {
    const settled = client.request(call, context).then(
      (response) => response,
      (error: unknown) => error,
    );
    await vi.runAllTimersAsync();
    return settled;
  };
  return { ask, at };
}

it('asks again after a pause by chance that doubles, and gives up after the last', async () => {
  const { ask, at } = answering(down, busy(null), ok);
  expect(await ask()).toBe(ok);
  expect(at).toEqual([0, 50, 150]);
  const hopeless = answering(down);
  expect(await hopeless.ask()).toBe(down);
  expect(hopeless.at).toHaveLength(3);
  const refused = answering(busy(null));
  expect(await refused.ask()).toMatchObject({ refusal: {} });
  expect(refused.at).toHaveLength(3);
});

it('does not ask before the subgraph wants to be asked, nor beyond the deadline', async () => {
  const { ask, at } = answering(busy(2_000), ok);
  expect(await ask()).toBe(ok);
  expect(at).toEqual([0, 2_000]);
  const late = answering(busy(2_000), ok);
  const { request, signal } = anonymousContext();
  const deadlineAt = Date.now() + 1_900;
  expect(await late.ask(query('{ a }'), { request: { ...request, deadlineAt }, signal })).toMatchObject({
    refusal: { retryAfterMs: 2_000 },
  });
  expect(late.at).toHaveLength(1);
});

it('repeats no mutation, no answer that was wrong, and nothing that nobody waits for', async () => {
  for (const [outcome, call] of [
    [down, mutation],
    [improper, query('{ a }')],
  ] as const) {
    const { ask, at } = answering(outcome);
    expect(await ask(call)).toBe(outcome);
    expect(at).toHaveLength(1);
  }
  const gone = new AbortController();
  const { ask, at } = answering(down);
  setTimeout(() => gone.abort(), 20);
  expect(await ask(query('{ a }'), { ...anonymousContext(), signal: gone.signal })).toBe(down);
  expect(at).toHaveLength(1);
});

it('never multiplies the load: beyond a few, retries are a tenth of the queries', async () => {
  const { ask, at } = answering(down);
  for (let n = 0; n < 200; n++) await ask();
  expect(at.length - 200).toBeGreaterThanOrEqual(20);
  expect(at.length - 200).toBeLessThanOrEqual(30);
});
