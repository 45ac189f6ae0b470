import type { DaprReply } from './answerAsBuiltin.js';

/** What an agent that is kept as an actor remembers. One value in the state store, of at most about 300 KB. */
export interface AgentMemory {
  readonly calls: number;
  readonly answered: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Its last attempts with their replies, oldest first. */
  readonly recent: readonly RememberedAttempt[];
}

export interface RememberedAttempt {
  readonly attemptId: string;
  readonly taskId: string;
  /** ISO 8601. */
  readonly at: string;
  readonly reply: DaprReply;
}

export const BLANK: AgentMemory = { calls: 0, answered: 0, inputTokens: 0, outputTokens: 0, recent: [] };

const MAX_RECENT = 100;
const MAX_RECENT_BYTES = 256 * 1024;

export function recall(memory: AgentMemory, attemptId: string): DaprReply | undefined {
  return memory.recent.find((attempt) => attempt.attemptId === attemptId)?.reply;
}

/** With the attempt counted and remembered. The oldest are forgotten beyond 100, or 256 KiB; the newest never is. */
export function remember(memory: AgentMemory, attempt: RememberedAttempt): AgentMemory {
  const { reply } = attempt;
  return {
    calls: memory.calls + 1,
    answered: memory.answered + (reply.error ? 0 : 1),
    inputTokens: memory.inputTokens + (reply.usage?.inputTokens ?? 0),
    outputTokens: memory.outputTokens + (reply.usage?.outputTokens ?? 0),
    recent: newest([...memory.recent, attempt].slice(-MAX_RECENT)),
  };
}

function newest(attempts: readonly RememberedAttempt[]): readonly RememberedAttempt[] {
  let bytes = 0;
  let first = attempts.length;
  while (first > 0) {
    bytes += Buffer.byteLength(JSON.stringify(attempts[first - 1]));
    if (bytes > MAX_RECENT_BYTES && first < attempts.length) break;
    first -= 1;
  }
  return attempts.slice(first);
}
