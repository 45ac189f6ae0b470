import { readPage, toConnection } from '../shared/connection.js';
import { formatUsd } from '../shared/money.js';
import type { RequestContext } from '../shared/requestContext.js';
import type { SnapshotPage } from '../shared/snapshot.js';
import type { SubgraphResources } from '../shared/Subgraph.js';
import { countBudgets, findBudgetPage, findBudgetsAfter, toBudgetRecord, type Budget } from './budgetStore.js';
import { chargesOf } from './chargesOf.js';
import { countLedger, findLedgerPage, type StoredEntry } from './ledgerStore.js';
import type { CostsLoaders } from './loaders.js';
import { parseReserveRequest, release, remainingOf, reserve, type ReserveAnswer } from './reservations.js';
import { setBudget, type BudgetInput, type BudgetPayload } from './setBudget.js';
import { spendBy, type SpendGroup, type TimeRange } from './spendStore.js';

export interface CostsContext {
  readonly request: RequestContext;
  readonly resources: SubgraphResources;
  readonly loaders: CostsLoaders;
}

type Args<T> = Readonly<T>;
type Range = { from?: Date | null; to?: Date | null };

const SNAPSHOT_PAGE = 1_000;

export const resolvers = {
  Query: {
    budget: async (_: unknown, { id }: Args<{ id: string }>, { loaders }: CostsContext) =>
      (await loaders.budget.load(id)) ?? null,

    budgets: async (
      _: unknown,
      args: Args<{ first?: number | null; after?: string | null }>,
      { request, resources }: CostsContext,
    ) => {
      const { database, clock } = resources;
      const tenant = request.principal.tenant ?? '';
      const { limit, after } = readPage(args);
      const from = after && { createdAt: new Date(after.sortKey), id: after.id };
      const rows = await findBudgetPage(database, tenant, { limit, after: from }, clock());
      const total = await countBudgets(database, tenant);
      return toConnection(rows, limit, after !== null, total, ({ createdAt, id }) => ({ sortKey: createdAt.toISOString(), id }));
    },

    spend: (_: unknown, { groupBy, ...range }: Args<{ groupBy: SpendGroup } & Range>, { request, resources }: CostsContext) =>
      spendBy(resources.database, reachOf(request), groupBy, toRange(range)),

    ledger: async (
      _: unknown,
      { first, after, ...given }: Args<{ first?: number | null; after?: string | null } & Range>,
      { request, resources: { database } }: CostsContext,
    ) => {
      const page = readPage({ first: first ?? null, after: after ?? null });
      const range = toRange(given);
      const rows = await findLedgerPage(database, reachOf(request), range, page);
      const connection = toConnection(rows, page.limit, page.after !== null, 0, ({ at, attemptId }) => ({
        sortKey: at.toISOString(),
        id: attemptId,
      }));
      // An export reads thousands of pages; counting all entries for each would take longer than reading them.
      return { ...connection, totalCount: () => countLedger(database, reachOf(request), range) };
    },

    _snapshot: async (
      _: unknown,
      { after }: Args<{ after?: string | null }>,
      { resources }: CostsContext,
    ): Promise<SnapshotPage> => {
      const budgets = await findBudgetsAfter(resources.database, after ?? '', SNAPSHOT_PAGE, resources.clock());
      return { budgets: budgets.map(toBudgetRecord), next: budgets.length === SNAPSHOT_PAGE ? budgets.at(-1)!.id : null };
    },
  },

  Mutation: {
    budgetSet: async (
      _: unknown,
      { input }: Args<{ input: BudgetInput }>,
      { request, resources }: CostsContext,
    ): Promise<BudgetPayload> => {
      const { tenant, scopes } = request.principal;
      const setter = { tenant, anyTenant: scopes.includes('tenant.any') };
      const payload = await resources.database.transaction((tx) => setBudget(tx, setter, input, resources.clock()));
      resources.wakeRelay();
      return payload;
    },

    _reserve: async (_: unknown, args: Args<{ request: unknown }>, { resources }: CostsContext): Promise<ReserveAnswer> => {
      const request = parseReserveRequest(args.request);
      const answer = await resources.database.transaction((tx) => reserve(tx, request, resources.clock()));
      resources.wakeRelay();
      return answer;
    },

    _release: async (
      _: unknown,
      { reservationId }: Args<{ reservationId: string }>,
      { resources }: CostsContext,
    ): Promise<boolean> => {
      const released = await resources.database.transaction((tx) => release(tx, reservationId, resources.clock()));
      resources.wakeRelay();
      return released;
    },
  },

  Budget: {
    __resolveReference: async ({ id }: { id: string }, { loaders }: CostsContext) => (await loaders.budget.load(id)) ?? null,
    limitUsd: ({ limit }: Budget) => formatUsd(limit),
    spentUsd: ({ spent }: Budget) => formatUsd(spent),
    reservedUsd: ({ reserved }: Budget) => formatUsd(reserved),
    remainingUsd: (budget: Budget) => formatUsd(remainingOf(budget)),
  },
  LedgerEntry: {
    id: ({ attemptId }: StoredEntry) => attemptId,
    task: ({ taskId }: StoredEntry) => ({ id: taskId }),
    agent: ({ agentId }: StoredEntry) => ({ id: agentId }),
    model: ({ modelId }: StoredEntry) => ({ id: modelId }),
    priceVersion: ({ prices }: StoredEntry) => prices.version,
    usd: ({ usd }: StoredEntry) => formatUsd(usd),
    charges: (entry: StoredEntry) => chargesOf(entry, entry.prices),
  },
  Agent: {
    __resolveReference: async ({ id }: { id: string }) => ({ id }),
    spend: ({ id }: { id: string }, range: Args<Range>, { loaders }: CostsContext) =>
      loaders.agentSpend.load({ id, range: toRange(range) }),
  },
  Model: {
    __resolveReference: async ({ id }: { id: string }) => ({ id }),
    spend: ({ id }: { id: string }, range: Args<Range>, { loaders }: CostsContext) =>
      loaders.modelSpend.load({ id, range: toRange(range) }),
  },
  Task: {
    __resolveReference: async ({ id }: { id: string }) => ({ id }),
    cost: ({ id }: { id: string }, _: unknown, { loaders }: CostsContext) => loaders.taskCost.load(id),
  },
};

/** Whose rows the caller may read by id: null is every tenant's; nobody's tenant is the empty one, which nothing belongs to. */
export function reachOf({ principal }: RequestContext): string | null {
  return principal.scopes.includes('tenant.any') ? null : (principal.tenant ?? '');
}

function toRange({ from, to }: Range): TimeRange {
  return { from: from ?? null, to: to ?? null };
}
