import type { MeshEvent, TaskEventData } from '../../subgraphs/shared/events.js';
import type { LatencyRecord } from '../../subgraphs/shared/snapshot.js';

/** Milliseconds. */
export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly samples: number;
}

const WINDOW = 100;

/** How long the last 100 attempts of each agent and model took; until some are seen, what the agents subgraph had measured. */
export function createLatencies() {
  const measured = new Map<string, Latency>();
  const recent = new Map<string, number[]>();
  const keyOf = (agentId: string, modelId: string): string => JSON.stringify([agentId, modelId]);
  return {
    start: ({ agentId, modelId, p50Ms, p95Ms, samples }: LatencyRecord): void =>
      void measured.set(keyOf(agentId, modelId), { p50Ms, p95Ms, samples }),
    /** An empty page when the event was about a latency; undefined when it was not. */
    take: ({ type, data }: MeshEvent): Record<string, never> | undefined => {
      if (type !== 'task.attempt') return undefined;
      const { agentId, modelId, latencyMs, outcome } = data as TaskEventData;
      if (agentId === null || modelId === null || latencyMs === undefined || outcome === 'REFUSED') return {};
      const key = keyOf(agentId, modelId);
      const window = recent.get(key) ?? [];
      window.push(latencyMs);
      if (window.length > WINDOW) window.shift();
      recent.set(key, window);
      const sorted = window.toSorted((a, b) => a - b);
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
      measured.set(key, { p50Ms: at(0.5), p95Ms: at(0.95), samples: sorted.length });
      return {};
    },
    of: (agentId: string, modelId: string): Latency | undefined => measured.get(keyOf(agentId, modelId)),
  };
}
