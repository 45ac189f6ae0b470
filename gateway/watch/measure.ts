import { parseUsd, type PicoUsd } from '../../subgraphs/shared/money.js';
import type { AgentRow, FleetView, Window } from './FleetView.js';

const MINUTE_MS = 60_000;
/** An agent that works is told of in every window; when its newest is older than this many, something is wrong between here and there. */
const STALE_WINDOWS = 3;

/** The newest window; undefined when there is none, or it is too old to be called live. */
export function newestWindow({ windows }: AgentRow, nowMs: number): Window | undefined {
  const newest = windows.at(-1);
  if (!newest) return undefined;
  const isSilent = newest.requests + newest.queueDepth + newest.inFlight === 0;
  const isOld = nowMs - Date.parse(newest.at) > STALE_WINDOWS * newest.windowSeconds * 1000;
  return isSilent || !isOld ? newest : undefined;
}

export function perSecond({ requests, windowSeconds }: Window): number {
  return requests / Math.max(1, windowSeconds);
}

/** What the windows of the last minute cost. */
export function costOfMinute({ windows }: AgentRow, nowMs: number): PicoUsd {
  return windows.filter(({ at }) => Date.parse(at) > nowMs - MINUTE_MS).reduce((sum, { costUsd }) => sum + parseUsd(costUsd), 0n);
}

/**
 * Where sparklines end: at the newest window of anybody, so that they move on all at once and when something has come; by the clock when
 * everybody is silent.
 */
export function sparklineEnd({ agents }: FleetView, nowMs: number): number {
  const newest = [...agents.values()].flatMap(({ windows }) => windows.at(-1) ?? []);
  const ends = newest.filter(({ at, windowSeconds }) => nowMs - Date.parse(at) < 2 * windowSeconds * 1000);
  return ends.length === 0 ? nowMs : Math.max(...ends.map(({ at }) => Date.parse(at)));
}

const BARS = '▁▂▃▄▅▆▇█';

/**
 * Requests over the last `slots` windows' time until `endMs`, newest on the right, each bar in relation to the highest. A bar stands for a window's
 * length of time, so that silence, of which nothing is told, is seen as such.
 */
export function sparkline({ windows }: AgentRow, slots: number, endMs: number): string {
  const slotMs = (windows.at(-1)?.windowSeconds ?? 5) * 1000;
  const counts = Array.from({ length: slots }, () => 0);
  for (const { at, requests } of windows) {
    const slot = slots - 1 - Math.floor(Math.max(0, endMs - Date.parse(at)) / slotMs);
    if (slot >= 0) counts[slot]! += requests;
  }
  const highest = Math.max(1, ...counts);
  return counts.map((count) => BARS[Math.ceil((count / highest) * (BARS.length - 1))]).join('');
}
