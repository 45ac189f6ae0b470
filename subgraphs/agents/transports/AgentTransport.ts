import type { RankedCandidate } from '../../shared/routeHint.js';
import type { Usage } from '../../shared/pricing.js';
import type { Agent } from '../agentStore.js';
import type { LocalAnswer } from '../builtin/LocalAnswer.js';
import type { Task } from '../Task.js';

/** One attempt at a task. */
export interface AgentCall {
  /** Of the attempt; unique, and the same when the attempt is told of later. */
  readonly attemptId: string;
  readonly task: Task;
  readonly agent: Agent;
  /** The model, how it is reached, and the most that the attempt may cost. */
  readonly candidate: RankedCandidate;
  /** W3C trace context, for those that take one. */
  readonly traceparent?: string | undefined;
  /** Epoch milliseconds: when `signal` will be aborted, for agents who like to know. */
  readonly deadlineAt?: number | undefined;
  /** Aborted when the attempt has no time left; the transport then stops at once and lets go of its connection. */
  readonly signal: AbortSignal;
}

/** How an attempt ended. What was used is paid, whether it helped or not. */
export type AgentResult =
  | { readonly kind: 'answered'; readonly answer: LocalAnswer; readonly usage: Usage }
  | {
      readonly kind: 'failed';
      /** In words for the attempt's record; never a secret, never a provider's whole answer. */
      readonly message: string;
      /** Null: nothing was used. */
      readonly usage: Usage | null;
      /** Whether it broke down (unreachable, rubbish, over time), which opens its breaker; false for an honest "I cannot". */
      readonly brokeDown: boolean;
    };

/**
 * How agents of one transport are reached. Every adapter passes one contract suite. A call never rejects for what the other side does
 * wrong; it rejects only on bugs.
 */
export interface AgentTransport {
  call(call: AgentCall): Promise<AgentResult>;
  close(): Promise<void>;
}
