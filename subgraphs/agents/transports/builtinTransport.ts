import { callBuiltin, findBuiltin } from '../builtin/callBuiltin.js';
import { promptOf } from '../promptOf.js';
import type { AgentTransport } from './AgentTransport.js';
import { cannot } from './failed.js';

/** Agents that are algorithms in this process. They answer at once; a signal has nothing to break off. */
export const builtinTransport: AgentTransport = {
  call: async ({ agent, candidate, task }) => {
    const algorithm = findBuiltin(agent.endpoint, candidate.modelId);
    if (!algorithm) return cannot(`${agent.endpoint ?? 'an agent without endpoint'} has no algorithm ${candidate.modelId}`);
    const { usage, answer, message } = callBuiltin(algorithm, promptOf(task), task.input.payload, agent.authority);
    return answer ? { kind: 'answered', answer, usage } : cannot(message ?? 'it cannot answer this', usage);
  },
  close: async () => undefined,
};
