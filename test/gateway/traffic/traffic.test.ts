import { describe, expect, it } from 'vitest';
import type { MeshClient } from '../../../gateway/apply/meshClient.js';
import { MeshError } from '../../../gateway/errors.js';
import { createArrivals } from '../../../gateway/traffic/arrivals.js';
import { nextQuestion } from '../../../gateway/traffic/questions.js';
import { runTraffic } from '../../../gateway/traffic/runTraffic.js';
import { seededRandom } from '../../../gateway/traffic/seededRandom.js';
import { NOTHING_SENT, progressLine, summary, withOutcome, withSent } from '../../../gateway/traffic/Tally.js';

const questions = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => nextQuestion(random));
};

describe('the mix of questions', () => {
  it('is the same for the same seed and another for another', () => {
    expect(questions(1, 50)).toEqual(questions(1, 50));
    expect(questions(1, 50)).not.toEqual(questions(2, 50));
  });

  it('has documentation, sums in symbols and in words, tasks, the hopeless, and customers of whom few ask most', () => {
    const all = questions(7, 2_000);
    const share = (is: (question: (typeof all)[number]) => boolean) => all.filter(is).length / all.length;
    const prompt = ({ input }: (typeof all)[number]) => String(input['prompt']);
    expect(share(({ input }) => input['taskClass'] === 'docs.question')).toBeGreaterThan(0.3);
    expect(share((question) => /^[\d+*/() -]+$/.test(prompt(question)))).toBeGreaterThan(0.2);
    expect(share((question) => /plus|minus|times|divided|percent/.test(prompt(question)))).toBeGreaterThan(0.2);
    expect(share((question) => /banana|Xyzzy|egg/.test(prompt(question)))).toBeGreaterThan(0.02);
    expect(share(({ field }) => field === 'taskRun')).toBeCloseTo(0.12, 1);
    expect(share(({ input }) => input['customerValue'] === 'HIGH')).toBeCloseTo(0.1, 1);
    expect(new Set(all.map(({ input }) => input['complexity']))).toEqual(new Set([undefined, 'SIMPLE', 'MODERATE', 'COMPLEX']));
    expect(
      share(({ input }) => ['customer-1', 'customer-2', 'customer-3'].includes(String(input['customerId']))),
    ).toBeGreaterThan(0.4);
  });
});

describe('arrivals', () => {
  it('come at about the rate, with bursts', () => {
    const gap = createArrivals(seededRandom(5), 10);
    const perSecond = new Map<number, number>();
    for (let at = gap(); at < 600_000; at += gap()) {
      const second = Math.floor(at / 1000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }
    const counts = [...perSecond.values()].sort((a, b) => a - b);
    expect(counts[Math.floor(counts.length / 2)]).toBeGreaterThanOrEqual(8);
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThanOrEqual(13);
    expect(counts.at(-1)).toBeGreaterThan(30);
  });
});

describe('the tally', () => {
  it('adds up what was sent, how it ended, how long it took and what it cost, to the last digit', () => {
    let tally = NOTHING_SENT;
    for (let n = 0; n < 4; n++) tally = withSent(tally);
    tally = withOutcome(tally, { code: null, costUsd: '0.000000000001', ms: 10 });
    tally = withOutcome(tally, { code: null, costUsd: '0.1', ms: 1_000 });
    tally = withOutcome(tally, { code: 'NO_ROUTE', costUsd: '0', ms: 20 });
    expect(progressLine(tally, 65_000)).toMatch(
      /^1:05 {2}sent 4 \(0\.1\/s\) {2}ok 2 {2}failed 1 {2}0\.100 USD {2}p50 20ms {2}p95 20ms$/,
    );
    expect(progressLine(tally, 65_000).length).toBeLessThan(80);
    expect(summary(tally, 2_000)).toEqual([
      '4 sent in 2 s: 2 ok, 1 failed (1 NO_ROUTE), 1 not answered in time.',
      'The answers cost 0.100000000001 USD. Half came within 20ms, 95 % within 20ms.',
    ]);
  });
});

describe('running traffic', () => {
  const run = (client: MeshClient, more: { durationMs?: number; rate?: number; signal?: AbortSignal } = {}) =>
    runTraffic({
      client,
      random: seededRandom(1),
      rate: 500,
      durationMs: 400,
      signal: new AbortController().signal,
      clock: () => performance.now(),
      onChange: () => undefined,
      ...more,
    });

  it('counts answers, refusals and a mesh that is gone', async () => {
    let calls = 0;
    const client = (async (query: string) => {
      calls++;
      if (query.startsWith('mutation')) return { taskRun: { userErrors: [{ code: 'OVER_BUDGET' }] } };
      if (calls % 3 === 0) throw new MeshError('SUBREQUEST_FAILED', 'no gateway answers');
      return { ask: { costUsd: '0.5' } };
    }) as MeshClient;
    const tally = await run(client);
    expect(tally.sent).toBe(calls);
    expect(tally.ok + [...tally.failed.values()].reduce((sum, count) => sum + count, 0)).toBe(calls);
    expect([...tally.failed.keys()].toSorted()).toEqual(['OVER_BUDGET', 'SUBREQUEST_FAILED']);
    expect(tally.cost).toBe(BigInt(tally.ok) * 500_000_000_000n);
  });

  it('has at most fifty under way, and ends when it is told to and the last have come back', async () => {
    const stopping = new AbortController();
    let inFlight = 0;
    let most = 0;
    const answers: (() => void)[] = [];
    const client = (async () => {
      most = Math.max(most, ++inFlight);
      await new Promise<void>((resolve) => answers.push(resolve));
      inFlight--;
      return { ask: { costUsd: '0' } };
    }) as MeshClient;
    const running = run(client, { durationMs: 60_000, rate: 1_000, signal: stopping.signal });
    await expect.poll(() => inFlight).toBe(50);
    answers.shift()!();
    await expect.poll(() => answers.length).toBe(50);
    stopping.abort();
    for (const answer of answers) answer();
    const tally = await running;
    expect([most, tally.sent, tally.ok]).toEqual([50, 51, 51]);
  });
});
