import DataLoader from 'dataloader';
import { toConnection, type Connection, type PageRequest } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import { findAgentsByIds, findReports, type Agent } from './agentStore.js';
import { findRouteDecisionsByIds, type RouteDecision } from './routeStore.js';
import type { Attempt, Task } from './Task.js';
import { findAttempts, findTaskPagesOfAgents, findTasksByIds } from './taskStore.js';

/** Reads of one operation, each kind batched into one statement (pages of tasks: one for each page asked for). */
export interface AgentsLoaders {
  readonly agent: DataLoader<string, Agent | undefined>;
  readonly reports: DataLoader<string, Agent[]>;
  readonly task: DataLoader<string, Task | undefined>;
  readonly attempts: DataLoader<string, Attempt[]>;
  readonly route: DataLoader<string, RouteDecision | undefined>;
  tasksOf(page: PageRequest): DataLoader<string, Connection<Task>>;
}

/** `tenant`: the caller's, whose tasks are listed. `reach`: whose entities may be read by id; null: every tenant's. */
export function createLoaders(database: Queryable, tenant: string, reach: string | null): AgentsLoaders {
  const pages = new Map<string, DataLoader<string, Connection<Task>>>();
  return {
    agent: new DataLoader((ids) => findAgentsByIds(database, reach, ids)),
    reports: new DataLoader((ids) => findReports(database, reach, ids)),
    task: new DataLoader((ids) => findTasksByIds(database, reach, ids)),
    attempts: new DataLoader((ids) => findAttempts(database, ids)),
    route: new DataLoader((ids) => findRouteDecisionsByIds(database, reach, ids)),
    tasksOf: (page) => {
      const key = JSON.stringify(page);
      const loader = pages.get(key) ?? new DataLoader((ids) => taskPages(database, tenant, ids, page));
      pages.set(key, loader);
      return loader;
    },
  };
}

async function taskPages(
  database: Queryable,
  tenant: string,
  ids: readonly string[],
  page: PageRequest,
): Promise<Connection<Task>[]> {
  const found = await findTaskPagesOfAgents(database, tenant, ids, page);
  return found.map(({ rows, total }) => toTaskConnection(rows, page, total));
}

export function toTaskConnection(rows: readonly Task[], { limit, after }: PageRequest, total: number): Connection<Task> {
  return toConnection(rows, limit, after !== null, total, ({ createdAt, id }) => ({ sortKey: createdAt.toISOString(), id }));
}
