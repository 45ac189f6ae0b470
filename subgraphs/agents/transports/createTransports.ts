import type { Egress } from '../egress/createEgress.js';
import type { Agent } from '../agentStore.js';
import { a2aTransport } from './a2aTransport.js';
import type { AgentTransport } from './AgentTransport.js';
import { builtinTransport } from './builtinTransport.js';
import { httpTransport } from './httpTransport.js';
import { llmTransport } from './llmTransport.js';
import type { ModelKeys } from './readModelKey.js';
import { traceTransport } from './traceTransport.js';

export type Transports = ReadonlyMap<Agent['transport'], AgentTransport>;

/** How agents are reached, by transport. One that is not in it is not configured, and its agents are skipped. The egress is the caller's to close. */
export function createTransports({ egress, keys }: { egress: Egress; keys: ModelKeys }): Transports {
  const transports: [Agent['transport'], AgentTransport][] = [
    ['BUILTIN', builtinTransport],
    ['LLM', llmTransport({ egress, keys })],
    ['HTTP', httpTransport({ egress })],
    ['A2A', a2aTransport({ egress })],
  ];
  return new Map(transports.map(([kind, transport]) => [kind, traceTransport(kind, transport)]));
}
