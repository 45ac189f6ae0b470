import type { Egress } from '../egress/createEgress.js';
import type { Agent } from '../agentStore.js';
import { a2aTransport } from './a2aTransport.js';
import type { AgentTransport } from './AgentTransport.js';
import { builtinTransport } from './builtinTransport.js';
import type { DaprConfig } from './daprSidecar.js';
import { daprTransport } from './daprTransport.js';
import { httpTransport } from './httpTransport.js';
import { llmTransport } from './llmTransport.js';
import type { ModelKeys } from './readModelKey.js';
import { traceTransport } from './traceTransport.js';

export type Transports = ReadonlyMap<Agent['transport'], AgentTransport>;

export interface TransportOptions {
  readonly egress: Egress;
  readonly keys: ModelKeys;
  /** Null: there is no sidecar. */
  readonly dapr?: DaprConfig | null | undefined;
}

/** How agents are reached, by transport. One that is not in it is not configured, and its agents are skipped. The egress is the caller's to close. */
export function createTransports({ egress, keys, dapr = null }: TransportOptions): Transports {
  const transports: [Agent['transport'], AgentTransport][] = [
    ['BUILTIN', builtinTransport],
    ['LLM', llmTransport({ egress, keys })],
    ['HTTP', httpTransport({ egress })],
    ['A2A', a2aTransport({ egress })],
    ...(dapr ? [['DAPR', daprTransport(dapr)] as [Agent['transport'], AgentTransport]] : []),
  ];
  return new Map(transports.map(([kind, transport]) => [kind, traceTransport(kind, transport)]));
}
