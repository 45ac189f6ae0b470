import DataLoader from 'dataloader';
import type { Queryable } from '../shared/database/Database.js';
import { findBudgetsByIds, type Budget } from './budgetStore.js';
import { costsOfTasks, spendOf, type Spend, type TaskCost, type TimeRange } from './spendStore.js';

interface SpendKey {
  readonly id: string;
  readonly range: TimeRange;
}

/** Reads of one operation, each kind batched into one statement (spend: one for each time range). */
export interface CostsLoaders {
  readonly budget: DataLoader<string, Budget | undefined>;
  readonly agentSpend: DataLoader<SpendKey, Spend, string>;
  readonly modelSpend: DataLoader<SpendKey, Spend, string>;
  readonly taskCost: DataLoader<string, TaskCost | null>;
}

/** `tenant`: the caller's, whose spend is shown. `reach`: whose budgets and tasks may be read by id; null: every tenant's. */
export function createLoaders(database: Queryable, tenant: string, reach: string | null, nowMs: number): CostsLoaders {
  return {
    budget: new DataLoader((ids) => findBudgetsByIds(database, reach, ids, nowMs)),
    agentSpend: spendLoader(database, tenant, 'agent_id'),
    modelSpend: spendLoader(database, tenant, 'model_id'),
    taskCost: new DataLoader((ids) => costsOfTasks(database, reach, ids)),
  };
}

function spendLoader(database: Queryable, tenant: string, column: 'agent_id' | 'model_id'): CostsLoaders['agentSpend'] {
  return new DataLoader<SpendKey, Spend, string>((keys) => spendOfKeys(database, tenant, column, keys), {
    cacheKeyFn: ({ id, range }) => JSON.stringify([id, range.from, range.to]),
  });
}

async function spendOfKeys(
  database: Queryable,
  tenant: string,
  column: 'agent_id' | 'model_id',
  keys: readonly SpendKey[],
): Promise<Spend[]> {
  const byRange = new Map<string, SpendKey[]>();
  for (const key of keys) {
    const range = JSON.stringify([key.range.from, key.range.to]);
    const group = byRange.get(range);
    if (group) group.push(key);
    else byRange.set(range, [key]);
  }
  const found = new Map<SpendKey, Spend>();
  for (const group of byRange.values()) {
    const ids = group.map(({ id }) => id);
    const spends = await spendOf(database, tenant, column, ids, group[0]!.range);
    group.forEach((key, index) => found.set(key, spends[index]!));
  }
  return keys.map((key) => found.get(key)!);
}
