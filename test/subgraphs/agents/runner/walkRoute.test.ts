import pino from 'pino';
import { describe, expect, it } from 'vitest';
import type { Agent } from '../../../../subgraphs/agents/agentStore.js';
import { createBreaker } from '../../../../subgraphs/agents/runner/createBreaker.js';
import { createBulkhead } from '../../../../subgraphs/agents/runner/createBulkhead.js';
import { attemptTimeMs } from '../../../../subgraphs/agents/runner/attemptTime.js';
import { Interrupted, walkRoute, type WalkOptions } from '../../../../subgraphs/agents/runner/walkRoute.js';
import type { AgentCall, AgentResult, AgentTransport } from '../../../../subgraphs/agents/transports/AgentTransport.js';
import { agent, rankedCandidate, task } from '../../../support/agentCall.js';

const USAGE = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 };
const answer = (text: string): AgentResult => ({ kind: 'answered', answer: { text, output: {} }, usage: USAGE });
const breakdown: AgentResult = { kind: 'failed', message: 'it broke', usage: null, brokeDown: true };

/** Every agent `a1`, `a2`, … does what the list says at its place. */
function walk(
  does: ((call: AgentCall) => Promise<AgentResult>)[],
  options: Partial<WalkOptions> & { hint?: object; agents?: Record<string, Partial<Agent>> } = {},
) {
  const ranked = does.map((_, index) => rankedCandidate({ agentId: `a${index + 1}`, modelId: `m${index + 1}` }));
  const transport: AgentTransport = {
    call: (call) => does[Number(call.agent.id.slice(1)) - 1]!(call),
    close: async () => undefined,
  };
  return walkRoute(task({ input: {}, hint: { ranked, ...options.hint } }), {
    transports: new Map([['HTTP', transport]]),
    current: async ({ agentId }) => ({
      agent: agent({ id: agentId, transport: 'HTTP', ...options.agents?.[agentId] }),
      approval: 'APPROVED',
    }),
    breaker: createBreaker(),
    bulkhead: createBulkhead(),
    clock: Date.now,
    log: pino({ level: 'silent' }),
    stopping: new AbortController().signal,
    ...options,
  });
}

const outcomes = (tries: Awaited<ReturnType<typeof walk>>) => tries.map(({ attempt }) => attempt.outcome);

describe('walking a route', () => {
  it('leaves time to those who follow, whether or not a candidate heeds its signal', async () => {
    const signals: AbortSignal[] = [];
    const deaf = (call: AgentCall): Promise<AgentResult> => (signals.push(call.signal), new Promise(() => undefined));
    const startedAt = Date.now();
    const tries = await walk([deaf, deaf, async () => answer('late')], { hint: { deadlineAt: startedAt + 2_000 } });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(outcomes(tries)).toEqual(['TIMED_OUT', 'TIMED_OUT', 'SUCCEEDED']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    // What a call used that was broken off is not known, and not invented.
    expect(tries.map(({ attempt, usage }) => [attempt.costUsd, usage])).toEqual([
      [null, null],
      [null, null],
      ['0.00002', USAGE],
    ]);
  });

  it('shares out the time that is left', () => {
    expect(attemptTimeMs(2_000, 0, true)).toBe(1_000);
    expect(attemptTimeMs(2_000, 1_000, true)).toBe(500);
    expect(attemptTimeMs(2_000, 1_500, false)).toBe(500);
    expect(attemptTimeMs(2_000, 3_000, false)).toBe(0);
    expect(attemptTimeMs(null, 0, true)).toBe(60_000);
    expect(attemptTimeMs(1_000_000, 0, false)).toBe(60_000);
  });

  it('passes over a model that was revoked and an agent that was suspended while it walked', async () => {
    let revoked = false;
    const revoking = async (): Promise<AgentResult> => ((revoked = true), breakdown);
    const called: string[] = [];
    const tries = await walk([revoking, async () => (called.push('a2'), answer('no')), async () => answer('yes')], {
      current: async ({ agentId, modelId }) => ({
        agent: agent({ id: agentId, transport: 'HTTP', status: 'ACTIVE' }),
        approval: revoked && modelId === 'm2' ? 'REVOKED' : undefined,
      }),
    });
    expect(outcomes(tries)).toEqual(['FAILED', 'SKIPPED', 'SUCCEEDED']);
    expect(tries[1]!.attempt.message).toContain('REVOKED');
    expect(called).toEqual([]);
    expect(outcomes(await walk([async () => answer('no')], { agents: { a1: { status: 'SUSPENDED' } } }))).toEqual(['SKIPPED']);
  });

  it('skips an agent of a transport that is not configured, and says so', async () => {
    const [tried] = await walk([async () => answer('no')], { agents: { a1: { transport: 'DAPR' } } });
    expect(tried!.attempt).toMatchObject({ outcome: 'SKIPPED', message: expect.stringMatching(/DAPR.*not configured/) });
  });

  it('leaves in peace whoever breaks down again and again, and nobody for an honest refusal', async () => {
    const breaker = createBreaker();
    let calls = 0;
    const breaks = async (): Promise<AgentResult> => (calls++, breakdown);
    for (let round = 0; round < 7; round++) await walk([breaks], { breaker });
    expect(calls).toBe(5);
    expect((await walk([breaks], { breaker }))[0]!.attempt).toMatchObject({ outcome: 'SKIPPED', latencyMs: null });
    const honest = createBreaker();
    const refuses = async (): Promise<AgentResult> => ({ kind: 'failed', message: 'no', usage: USAGE, brokeDown: false });
    for (let round = 0; round < 7; round++) expect(outcomes(await walk([refuses], { breaker: honest }))).toEqual(['REFUSED']);
  });

  it('of an LLM agent blames the model, so that its other model goes on', async () => {
    const breaker = createBreaker();
    const transport: AgentTransport = {
      call: async ({ candidate }) => (candidate.modelId === 'bad' ? breakdown : answer('good')),
      close: async () => undefined,
    };
    const run = (modelId: string) =>
      walkRoute(task({ input: {}, hint: { ranked: [rankedCandidate({ modelId })] } }), {
        transports: new Map([['LLM', transport]]),
        current: async () => ({ agent: agent({ transport: 'LLM' }), approval: undefined }),
        breaker,
        bulkhead: createBulkhead(),
        clock: Date.now,
        log: pino({ level: 'silent' }),
        stopping: new AbortController().signal,
      });
    for (let round = 0; round < 6; round++) await run('bad');
    expect(outcomes(await run('bad'))).toEqual(['SKIPPED']);
    expect(outcomes(await run('good'))).toEqual(['SUCCEEDED']);
  });

  it('never pays more than the cap, and records nothing of an answer that would', async () => {
    const dear = async (): Promise<AgentResult> => ({ ...answer('dear'), usage: { ...USAGE, outputTokens: 1_000_000 } });
    const tries = await walk([dear, async () => answer('fair')]);
    expect(outcomes(tries)).toEqual(['REFUSED', 'SUCCEEDED']);
    expect(tries[0]!.usage).toBeNull();
  });

  it('has room for so many calls of an agent, lets some wait and sends the rest on', async () => {
    const bulkhead = createBulkhead();
    let running = 0;
    let most = 0;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = async (): Promise<AgentResult> => {
      most = Math.max(most, ++running);
      await gate;
      running--;
      return answer('slow');
    };
    const walks = Array.from({ length: 120 }, () => walk([slow, async () => answer('quick')], { bulkhead }));
    const full = await Promise.race(walks);
    expect(outcomes(full)).toEqual(['SKIPPED', 'SUCCEEDED']);
    expect(full[0]!.attempt.message).toContain('busy');
    release();
    const ends = (await Promise.all(walks)).map((tries) => outcomes(tries).join());
    expect(most).toBe(32);
    expect(ends.filter((end) => end === 'SUCCEEDED')).toHaveLength(96);
  });

  it.each<[string, { text: string; output: Record<string, unknown> }]>([
    ['NUL in its text', { text: 'a\0b', output: {} }],
    ['half a surrogate pair in its output', { text: 'ok', output: { deep: ['\ud800'] } }],
    ['NUL in a name of its output', { text: 'ok', output: { 'a\0': 1 } }],
    ['an output nested too deeply', { text: 'ok', output: nested(50_000) }],
  ])('asks the next when an answer cannot be kept for %s, and pays for it', async (_, bad) => {
    const tries = await walk([async () => ({ kind: 'answered', answer: bad, usage: USAGE }), async () => answer('good')]);
    expect(outcomes(tries)).toEqual(['FAILED', 'SUCCEEDED']);
    expect(tries[0]!.attempt.costUsd).toBe('0.00002');
  });

  it('is broken off when the process ends, so that another one begins it anew', async () => {
    const stopping = new AbortController();
    const walking = walk([() => new Promise(() => queueMicrotask(() => stopping.abort()))], { stopping: stopping.signal });
    const error = await walking.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Interrupted);
    expect((error as Interrupted).tries.map(({ attempt }) => [attempt.outcome, attempt.costUsd])).toEqual([['FAILED', null]]);
  });

  it('goes on after a bug in a transport', async () => {
    const tries = await walk([() => Promise.reject(new Error('bug')), async () => answer('fine')]);
    expect(outcomes(tries)).toEqual(['FAILED', 'SUCCEEDED']);
    expect(tries[0]!.attempt.message).not.toContain('bug');
  });
});

function nested(levels: number): Record<string, unknown> {
  let value: Record<string, unknown> = {};
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}
