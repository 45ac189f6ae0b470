import DataLoader from 'dataloader';
import { readPage, toConnection, type Connection } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import { countDecisionsOf, findDecisionPagesOf, findDecisionsByIds, type GovernanceDecision } from './decisionStore.js';
import { findPoliciesByIds, type Policy } from './policyStore.js';

export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** Reads of one operation, each kind batched; pages of decisions by their page arguments. */
export interface PoliciesLoaders {
  readonly policy: DataLoader<string, Policy | undefined>;
  readonly decision: DataLoader<string, GovernanceDecision | undefined>;
  /** Decisions that an entity asked for or that were about it. */
  decisionsOf(entity: string, page: PageArguments): Promise<Connection<GovernanceDecision>>;
}

/** `tenant`: the caller's, whose decisions are listed. `reach`: whose rows may be read by id; null: every tenant's. */
export function createLoaders(database: Queryable, tenant: string, reach: string | null): PoliciesLoaders {
  const pages = new Map<string, DataLoader<string, Connection<GovernanceDecision>>>();
  const loaderOf = (page: PageArguments): DataLoader<string, Connection<GovernanceDecision>> => {
    const key = JSON.stringify([page.first, page.after]);
    const known = pages.get(key);
    if (known) return known;
    const loader = new DataLoader((entities: readonly string[]) => findConnections(database, tenant, entities, page));
    pages.set(key, loader);
    return loader;
  };
  return {
    policy: new DataLoader((ids) => findPoliciesByIds(database, reach, ids)),
    decision: new DataLoader((ids) => findDecisionsByIds(database, reach, ids)),
    decisionsOf: (entity, page) => loaderOf(page).load(entity),
  };
}

async function findConnections(
  database: Queryable,
  tenant: string,
  entities: readonly string[],
  pageArguments: PageArguments,
): Promise<Connection<GovernanceDecision>[]> {
  const page = readPage(pageArguments);
  const rows = await findDecisionPagesOf(database, tenant, entities, page);
  const totals = await countDecisionsOf(database, tenant, entities);
  return entities.map((_, index) => toDecisionConnection(rows[index]!, page.limit, page.after !== null, totals[index]!));
}

export function toDecisionConnection(
  rows: readonly GovernanceDecision[],
  limit: number,
  hasPrevious: boolean,
  total: number,
): Connection<GovernanceDecision> {
  return toConnection(rows, limit, hasPrevious, total, ({ at, id }) => ({ sortKey: at.toISOString(), id }));
}
