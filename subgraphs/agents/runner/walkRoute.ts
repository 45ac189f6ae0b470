import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { formatUsd, parseUsd } from '../../shared/money.js';
import { costOf, type Usage } from '../../shared/pricing.js';
import type { RankedCandidate } from '../../shared/routeHint.js';
import type { Agent } from '../agentStore.js';
import { callBuiltin, findBuiltin } from '../builtin/callBuiltin.js';
import type { LocalAnswer } from '../builtin/LocalAnswer.js';
import type { Attempt, AttemptOutcome, Task } from '../Task.js';
import type { Breaker } from './createBreaker.js';

/** One attempt, and what it used. */
export interface Try {
  readonly attempt: Attempt;
  readonly candidate: RankedCandidate;
  /** Null: nothing was used. */
  readonly usage: Usage | null;
  readonly answer: LocalAnswer | null;
}

export interface WalkOptions {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly breaker: Breaker;
  readonly clock: () => number;
  readonly log: Logger;
}

/**
 * Tries the candidates of the route, best first and nobody else, until one answers or the deadline is over. A candidate that is not to
 * be tried (retired since, breaker open, no way to reach it) leaves a SKIPPED attempt that says why.
 */
export async function walkRoute(task: Task, options: WalkOptions): Promise<Try[]> {
  const tries: Try[] = [];
  for (const candidate of task.hint.ranked) {
    const tried = await tryCandidate(task, candidate, options);
    tries.push(tried);
    if (tried.answer !== null) break;
  }
  return tries;
}

async function tryCandidate(task: Task, candidate: RankedCandidate, options: WalkOptions): Promise<Try> {
  const { agents, breaker, clock, log } = options;
  const startedMs = clock();
  const key = JSON.stringify([candidate.agentId, candidate.modelId]);
  const agent = agents.get(candidate.agentId);
  const end = (
    outcome: AttemptOutcome,
    message: string | null,
    usage: Usage | null = null,
    answer: LocalAnswer | null = null,
  ): Try => ({
    attempt: {
      id: randomUUID(),
      taskId: task.id,
      agentId: candidate.agentId,
      modelId: candidate.modelId,
      startedAt: new Date(startedMs),
      latencyMs: outcome === 'SKIPPED' ? null : Math.max(0, Math.round(clock() - startedMs)),
      outcome,
      costUsd: usage && formatUsd(costOf(usage, candidate.pricing)),
      message,
    },
    candidate,
    usage,
    answer,
  });

  if (task.hint.deadlineAt !== null && startedMs >= task.hint.deadlineAt) return end('SKIPPED', 'the deadline was over');
  if (!agent) return end('SKIPPED', 'there is no such agent any more');
  if (agent.status !== 'ACTIVE') return end('SKIPPED', `the agent is ${agent.status} by now`);
  if (!breaker.allows(key, startedMs)) return end('SKIPPED', 'it broke down repeatedly and is left in peace for a while');
  if (agent.transport !== 'BUILTIN')
    return end('SKIPPED', `agents of transport ${agent.transport} cannot be reached by this version`);
  const algorithm = findBuiltin(agent.endpoint, candidate.modelId);
  if (!algorithm) return end('SKIPPED', `${agent.endpoint ?? 'an agent without endpoint'} has no algorithm ${candidate.modelId}`);

  try {
    const { usage, answer, message } = callBuiltin(algorithm, promptOf(task));
    if (costOf(usage, candidate.pricing) > parseUsd(candidate.capUsd))
      return end('REFUSED', `the answer would cost more than the ${candidate.capUsd} USD that the route allows`);
    breaker.succeeded(key);
    return answer ? end('SUCCEEDED', null, usage, answer) : end('FAILED', message, usage);
  } catch (error) {
    breaker.failed(key, clock());
    log.error({ err: error, taskId: task.id, agentId: candidate.agentId }, 'an attempt broke down');
    return end('FAILED', 'it broke down; the log has the cause');
  }
}

/** What the agent reads. */
export function promptOf({ input }: Task): string {
  const payload = input.payload === undefined || input.payload === null ? '' : JSON.stringify(input.payload);
  return [input.prompt ?? '', payload].filter((part) => part !== '').join('\n');
}
