import type { Queryable } from '../shared/database/Database.js';
import { MeshError } from '../shared/errors.js';
import { toQuality, type Quality } from './posterior.js';
import { findPosteriorPage, type StoredPosterior } from './posteriorStore.js';

export type LeaderboardOrder = 'BEST' | 'WORST';

export interface LeaderboardEntry {
  readonly agentId: string;
  /** Null: all classes together. */
  readonly taskClass: string | null;
  readonly quality: Quality;
}

const MAX_FIRST = 100;
const PAGE = 1_000;
const MAX_PAGES = 200;

/**
 * The tenant's agents, best or worst first, at one class of tasks or at all. By what is certain, not by the mean: BEST by the lower end
 * of the interval, WORST by the upper, so that nobody leads or trails by a handful of results. Who was never measured is not on it.
 * Reads page by page in the order of agents and keeps `first` entries; throws BAD_USER_INPUT beyond 200,000 beliefs.
 */
export async function leaderboard(
  database: Queryable,
  tenant: string,
  { taskClass, first, order }: { taskClass: string | null; first: number; order: LeaderboardOrder },
  nowMs: number,
): Promise<LeaderboardEntry[]> {
  if (!Number.isInteger(first) || first < 1 || first > MAX_FIRST)
    throw new MeshError('BAD_USER_INPUT', `first must be from 1 to ${MAX_FIRST}, not ${first}.`);
  let best: LeaderboardEntry[] = [];
  let ofAgent: StoredPosterior[] = [];
  const enter = (): void => {
    const [one] = ofAgent;
    const quality = toQuality(ofAgent, nowMs);
    ofAgent = [];
    if (!one || quality === null || quality.samples === 0) return;
    best.push({ agentId: one.agentId, taskClass, quality });
    if (best.length >= 2 * first) best = best.sort(ORDER[order]).slice(0, first);
  };
  let after: StoredPosterior | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const rows: StoredPosterior[] = await findPosteriorPage(database, tenant, taskClass, after, PAGE);
    for (const row of rows) {
      if (ofAgent[0] && ofAgent[0].agentId !== row.agentId) enter();
      ofAgent.push(row);
    }
    after = rows.at(-1) ?? null;
    if (rows.length < PAGE) {
      enter();
      return best.sort(ORDER[order]).slice(0, first);
    }
  }
  throw new MeshError('BAD_USER_INPUT', 'There are too many beliefs for one leaderboard. Name a taskClass.');
}

type Order = (a: LeaderboardEntry, b: LeaderboardEntry) => number;

const byName: Order = (a, b) => (a.agentId < b.agentId ? -1 : 1);
const ORDER: Readonly<Record<LeaderboardOrder, Order>> = {
  BEST: (a, b) => b.quality.lowerBound! - a.quality.lowerBound! || b.quality.samples - a.quality.samples || byName(a, b),
  WORST: (a, b) => a.quality.upperBound! - b.quality.upperBound! || b.quality.samples - a.quality.samples || byName(a, b),
};
