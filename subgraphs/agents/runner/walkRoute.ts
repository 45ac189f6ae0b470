import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { formatUsd, parseUsd } from '../../shared/money.js';
import { costOf, type Usage } from '../../shared/pricing.js';
import { isStorable } from '../../shared/storableText.js';
import type { RankedCandidate } from '../../shared/routeHint.js';
import { traceIdOf } from '../../shared/telemetry/traceparent.js';
import type { ModelRecord } from '../../shared/snapshot.js';
import type { Agent } from '../agentStore.js';
import type { LocalAnswer } from '../builtin/LocalAnswer.js';
import type { Attempt, AttemptOutcome, Task } from '../Task.js';
import type { AgentResult } from '../transports/AgentTransport.js';
import type { Transports } from '../transports/createTransports.js';
import { attemptTimeMs } from './attemptTime.js';
import type { Breaker } from './createBreaker.js';
import type { Bulkhead, Limit } from './createBulkhead.js';
import { withTimeLimit } from './withTimeLimit.js';

/** One attempt, and what it used. */
export interface Try {
  readonly attempt: Attempt;
  readonly candidate: RankedCandidate;
  /** Null: nothing was used, or nobody knows what was. */
  readonly usage: Usage | null;
  readonly answer: LocalAnswer | null;
  /** It said honestly that it cannot do this. */
  readonly declined: boolean;
}

/** Agent and model as they are now, not as they were when the route was made. */
export interface Current {
  readonly agent: Agent | undefined;
  /** Undefined: not heard of; the route says that it is approved. */
  readonly approval: ModelRecord['approval'] | undefined;
}

export interface WalkOptions {
  readonly transports: Transports;
  readonly current: (candidate: RankedCandidate) => Promise<Current>;
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
  readonly clock: () => number;
  readonly log: Logger;
  /** Aborted when the process ends: the walk is then broken off and throws Interrupted, and another process begins it anew. */
  readonly stopping: AbortSignal;
  readonly traceparent?: string | undefined;
}

/** The walk was broken off. What was tried until then is known, and paid. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly tries: readonly Try[];

  constructor(tries: readonly Try[]) {
    super('the process ends');
    this.tries = tries;
  }
}

/**
 * Tries the candidates of the route, best first and nobody else, until one answers or the deadline is over. A candidate that is not to
 * be tried (retired or revoked since, breaker open, no room, no way to reach it) leaves a SKIPPED attempt that says why. No attempt
 * takes more time than leaves some to those behind it, nor more money than its own cap; the reservation is the sum of the caps, so
 * whatever the earlier ones spent, the next can be paid.
 */
export async function walkRoute(task: Task, options: WalkOptions): Promise<Try[]> {
  const tries: Try[] = [];
  const { ranked } = task.hint;
  for (const [index, candidate] of ranked.entries()) {
    const tried = await tryCandidate(task, candidate, index < ranked.length - 1, options);
    tries.push(tried);
    if (tried.answer !== null) break;
    if (options.stopping.aborted) throw new Interrupted(tries);
  }
  return tries;
}

async function tryCandidate(task: Task, candidate: RankedCandidate, othersFollow: boolean, options: WalkOptions): Promise<Try> {
  const { transports, breaker, bulkhead, clock, log, stopping, traceparent } = options;
  const startedMs = clock();
  const attemptId = randomUUID();
  const { deadlineAt } = task.hint;
  const end = (
    outcome: AttemptOutcome,
    message: string | null,
    usage: Usage | null = null,
    { answer = null, declined = false }: { answer?: LocalAnswer | null; declined?: boolean } = {},
  ): Try => ({
    attempt: {
      id: attemptId,
      taskId: task.id,
      agentId: candidate.agentId,
      modelId: candidate.modelId,
      startedAt: new Date(startedMs),
      latencyMs: outcome === 'SKIPPED' ? null : Math.max(0, Math.round(clock() - startedMs)),
      outcome,
      costUsd: usage && formatUsd(costOf(usage, candidate.pricing)),
      message: message && storable(message),
    },
    candidate,
    usage,
    answer,
    declined,
  });

  if (deadlineAt !== null && startedMs >= deadlineAt) return end('SKIPPED', 'the deadline was over');
  const { agent, approval } = await options.current(candidate);
  if (!agent) return end('SKIPPED', 'there is no such agent any more');
  if (agent.status !== 'ACTIVE') return end('SKIPPED', `the agent is ${agent.status} by now`);
  if (approval !== undefined && approval !== 'APPROVED') return end('SKIPPED', `the model's approval is ${approval} by now`);
  const transport = transports.get(agent.transport);
  if (!transport) return end('SKIPPED', `agents of transport ${agent.transport} cannot be reached: it is not configured here`);
  const called = whoIsCalled(agent, candidate);
  if (!breaker.allows(called, startedMs)) return end('SKIPPED', 'it broke down repeatedly and is left in peace for a while');

  const timeMs = attemptTimeMs(deadlineAt, startedMs, othersFollow);
  let aborted = false;
  let entered = false;
  const attempt = async (signal: AbortSignal): Promise<AgentResult | 'full'> => {
    signal.addEventListener('abort', () => (aborted = true), { once: true });
    const leave = await bulkhead.enter(limitsOf(candidate), signal);
    if (!leave) return 'full';
    entered = true;
    try {
      return await transport.call({ attemptId, task, agent, candidate, traceparent, deadlineAt: startedMs + timeMs, signal });
    } finally {
      leave();
    }
  };

  let result: AgentResult | 'full' | undefined;
  try {
    result = await withTimeLimit(stopping, timeMs, attempt);
  } catch (error) {
    breaker.failed(called, clock());
    log.error(
      { err: error, taskId: task.id, agentId: candidate.agentId, traceId: traceIdOf(traceparent) },
      'an attempt broke down',
    );
    return end('FAILED', 'it broke down; the log has the cause');
  }
  if (result === 'full' || (result === undefined && !entered))
    return end('SKIPPED', 'it is busy: too many of its calls run or wait already');
  if (stopping.aborted && aborted && result?.kind !== 'answered')
    return end('FAILED', 'the process ended while it worked; what it used until then is not known', result?.usage ?? null);
  if (result === undefined || (aborted && result.kind === 'failed')) {
    breaker.failed(called, clock());
    return end(
      'TIMED_OUT',
      `it had not answered after ${timeMs} ms; what it used until then is not known`,
      result?.usage ?? null,
    );
  }
  if (result.kind === 'answered' && !isStorable(result.answer)) result = unreadable(result.usage);
  if (result.kind === 'failed' && result.brokeDown) breaker.failed(called, clock());
  else breaker.succeeded(called);
  if (result.usage && costOf(result.usage, candidate.pricing) > parseUsd(candidate.capUsd))
    return end('REFUSED', `the answer would cost more than the ${candidate.capUsd} USD that the route allows`);
  if (result.kind === 'answered') return end('SUCCEEDED', null, result.usage, { answer: result.answer });
  return result.brokeDown
    ? end('FAILED', result.message, result.usage)
    : end('REFUSED', result.message, result.usage, { declined: true });
}

/** What it used is paid; the next candidate is asked. */
function unreadable(usage: Usage): AgentResult {
  const message = 'its answer holds the character NUL, half of a surrogate pair, or is nested too deeply to be kept';
  return { kind: 'failed', message, usage, brokeDown: true };
}

const MAX_MESSAGE = 2_000;

function storable(message: string): string {
  return message.replaceAll('\0', '').slice(0, MAX_MESSAGE).toWellFormed();
}

/** Whose breakdown it is. Behind LLM agents it is the model's endpoint, and an agent with a second model goes on with that one. */
function whoIsCalled({ id, transport }: Agent, { modelId }: RankedCandidate): string {
  return transport === 'LLM' ? `model ${modelId}` : `agent ${id}`;
}

const CALLS_OF_AGENT = 32;
const CALLS_OF_MODEL = 32;

function limitsOf({ agentId, modelId }: RankedCandidate): Limit[] {
  return [
    { key: `agent ${agentId}`, max: CALLS_OF_AGENT },
    { key: `model ${modelId}`, max: CALLS_OF_MODEL },
  ];
}
