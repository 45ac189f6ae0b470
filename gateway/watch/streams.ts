import { shortMs } from '../terminal/shortForms.js';
import type { Window } from './FleetView.js';

export interface TaskEvent {
  readonly at: string;
  readonly kind: string;
  readonly taskClass: string;
  readonly task: { readonly id: string } | null;
  readonly agent: { readonly id: string } | null;
}

export interface RouteEvent {
  readonly at: string;
  readonly taskClass: string;
  readonly decision: {
    readonly agent: { readonly id: string } | null;
    readonly model: { readonly id: string } | null;
    readonly reasons: readonly string[];
  } | null;
}

/**
 * What is watched. Of most entities only ids are selected: the event itself has them, so that no subgraph is asked and the watcher keeps
 * up with a busy mesh.
 */
export const STREAMS = {
  agentMetrics: `subscription ($after: String) { agentMetrics(after: $after) {
    cursor at windowSeconds agent { id name } requests successRate p50Ms p95Ms p99Ms costUsd queueDepth inFlight } }`,
  taskEvents: `subscription ($after: String) { taskEvents(after: $after) {
    cursor at kind taskClass task { id } agent { id } } }`,
  routeDecisions: `subscription ($after: String) { routeDecisions(after: $after) {
    cursor at taskClass decision { agent { id } model { id } reasons } } }`,
} as const;

export type StreamName = keyof typeof STREAMS;

const ENDS = new Set(['SUCCEEDED', 'FAILED', 'REFUSED', 'CANCELLED']);

/** Whether it is worth a line on a screen that has few. */
export function isEnd({ kind }: TaskEvent): boolean {
  return ENDS.has(kind);
}

export function taskText({ kind, taskClass, agent }: TaskEvent): string {
  return `task   ${kind.padEnd(9)} ${taskClass}${agent ? ` by ${agent.id}` : ''}`;
}

export function routeText({ taskClass, decision }: RouteEvent): string {
  if (!decision?.agent) return `route  ${taskClass} to nobody`;
  const { agent, model, reasons } = decision;
  return `route  ${taskClass} to ${agent.id}${model ? ` with ${model.id}` : ''}${reasons[0] === undefined ? '' : `: ${reasons[0]}`}`;
}

export function windowText(window: Window): string {
  const { agent, windowSeconds, requests, successRate, p50Ms, p95Ms, p99Ms, costUsd, queueDepth, inFlight } = window;
  const ok = successRate === null ? '–' : `${Math.floor(successRate * 100)}%`;
  const times = `p50 ${shortMs(p50Ms)} p95 ${shortMs(p95Ms)} p99 ${shortMs(p99Ms)}`;
  return `window ${agent?.id ?? '–'} ${requests} in ${windowSeconds} s, ok ${ok}, ${times}, ${costUsd} USD, queue ${queueDepth}, busy ${inFlight}`;
}
