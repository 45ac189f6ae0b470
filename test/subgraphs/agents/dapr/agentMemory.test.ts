import { describe, expect, it } from 'vitest';
import { BLANK, recall, remember, type AgentMemory } from '../../../../subgraphs/agents/dapr/agentMemory.js';
import type { DaprReply } from '../../../../subgraphs/agents/dapr/answerAsBuiltin.js';

const USAGE = { inputTokens: 3, cachedInputTokens: 0, outputTokens: 1 };

function after(count: number, reply: DaprReply, memory: AgentMemory = BLANK): AgentMemory {
  return Array.from({ length: count }, (_, index) => index).reduce(
    (known, index) => remember(known, { attemptId: `a${index}`, taskId: `t${index}`, at: '2026-03-01T12:00:00.000Z', reply }),
    memory,
  );
}

describe('the memory of an agent', () => {
  it('counts every attempt, and keeps the last hundred', () => {
    const memory = after(150, { text: '4', usage: USAGE });
    expect(memory).toMatchObject({ calls: 150, answered: 150, inputTokens: 450, outputTokens: 150 });
    expect(memory.recent.map(({ attemptId }) => attemptId)).toEqual(Array.from({ length: 100 }, (_, index) => `a${index + 50}`));
    expect(recall(memory, 'a149')).toEqual({ text: '4', usage: USAGE });
    expect(recall(memory, 'a49')).toBeUndefined();
  });

  it('counts what was refused as not answered, and what it used all the same', () => {
    expect(after(2, { error: { message: 'no' }, usage: USAGE })).toMatchObject({ calls: 2, answered: 0, inputTokens: 6 });
  });

  it('stays under 256 KiB, but for the newest attempt', () => {
    const memory = after(40, { text: 'x'.repeat(20_000) });
    expect(Buffer.byteLength(JSON.stringify(memory.recent))).toBeLessThan(257 * 1024);
    expect(memory.recent.at(-1)!.attemptId).toBe('a39');
    expect(after(1, { text: 'x'.repeat(300_000) }, memory).recent).toHaveLength(1);
  });
});
