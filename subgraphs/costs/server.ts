import type { MeshEvent } from '../shared/events.js';
import type { SubgraphDefinition, SubgraphResources } from '../shared/Subgraph.js';
import { toLedgerEntry, type LedgerEntry } from './ledgerEntry.js';
import { createLoaders } from './loaders.js';
import { recordUsage } from './recordUsage.js';
import { prolong, type WantedReservation } from './reservations.js';
import { reachOf, resolvers, type CostsContext } from './resolvers.js';
import { sweep } from './sweep.js';

/** What work costs: the ledger, which only this subgraph writes, and budgets with their reservations. */
export const costsSubgraph: SubgraphDefinition = {
  name: 'costs',
  migrations: 'subgraphs/costs/migrations',
  resolvers,
  createContext: (request, resources): CostsContext => ({
    request,
    resources,
    loaders: createLoaders(resources.database, request.principal.tenant ?? '', reachOf(request), resources.clock()),
  }),
  start: async (resources) => [
    await resources.eventLog.consume('costs', ['mesh.usage'], (_, events) => takeUsage(events, resources)),
    startSweeping(resources),
  ],
};

/** A report that cannot be right is logged and left out: trying it again would hold up all others for ever. */
async function takeUsage(events: readonly MeshEvent[], { database, clock, log, wakeRelay }: SubgraphResources): Promise<void> {
  const entries: LedgerEntry[] = [];
  const settled: string[] = [];
  const wanted: WantedReservation[] = [];
  for (const event of events) {
    if (event.type === 'usage.settled') settled.push((event as MeshEvent<'usage.settled'>).data.reservationId);
    if (event.type === 'usage.reserved') {
      const { reservationId: id, until } = (event as MeshEvent<'usage.reserved'>).data;
      wanted.push({ id, until });
    }
    if (event.type !== 'usage.recorded') continue;
    try {
      entries.push(toLedgerEntry((event as MeshEvent<'usage.recorded'>).data));
    } catch (error) {
      log.error({ eventId: event.id, err: error }, 'a report of usage cannot be right and is left out of the ledger');
    }
  }
  if (entries.length + settled.length + wanted.length === 0) return;
  await database.transaction(async (tx) => {
    await recordUsage(tx, entries, settled, clock());
    // Last, since budgets are always locked before reservations.
    await prolong(tx, wanted);
  });
  wakeRelay();
}

const SWEEP_EVERY_MS = 10_000;

function startSweeping({ database, clock, log, wakeRelay }: SubgraphResources): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(async () => {
      try {
        if ((await sweep(database, clock())) > 0) wakeRelay();
      } catch (error) {
        log.warn({ err: error }, 'expired reservations could not be swept and are tried again');
      }
    });
  }, SWEEP_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
