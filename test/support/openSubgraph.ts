import pino from 'pino';
import { createSubgraph } from '../../subgraphs/shared/createSubgraph.js';
import { openPglite } from '../../subgraphs/shared/database/openPglite.js';
import { openTableEventLog } from '../../subgraphs/shared/eventlog/tableEventLog.js';
import { GATEWAY_PRINCIPAL, type Principal } from '../../subgraphs/shared/principal.js';
import type { SubgraphDefinition, SubgraphResources } from '../../subgraphs/shared/Subgraph.js';

export const ADMIN: Principal = {
  id: 'admin',
  kind: 'USER',
  tenant: 'demo',
  roles: ['admin'],
  scopes: [],
  clearances: [],
  region: null,
};

/** One subgraph on a database of its own, in memory unless told, with a clock that stands still until it is moved. */
export async function openSubgraph(
  definition: SubgraphDefinition,
  open = () => openPglite({ dataDir: null }),
  more: Partial<SubgraphResources> = {},
) {
  let now = Date.parse('2026-03-01T12:00:00Z');
  const clock = (): number => now;
  const log = pino({ level: 'silent' });
  const database = await open();
  const eventLog = await openTableEventLog(database, { clock, log });
  const internalKey = new Uint8Array(32).fill(7);
  const subgraph = await createSubgraph(definition, { database, eventLog, clock, log, internalKey, ...more });
  const ask = async <Data>(
    query: string,
    variables: Record<string, unknown> = {},
    principal: Principal = ADMIN,
  ): Promise<Data> => {
    const result = await subgraph.execute({ query, variables }, { principal, operationId: 'test', deadlineAt: now + 30_000 });
    if (result.errors)
      throw new Error(result.errors.map((error) => `${String(error.extensions['code'])}: ${error.message}`).join('\n'));
    return JSON.parse(JSON.stringify(result.data)) as Data;
  };
  return {
    subgraph,
    database,
    eventLog,
    ask,
    /** As the gateway itself. */
    askInternally: <Data>(query: string, variables: Record<string, unknown> = {}) =>
      ask<Data>(query, variables, GATEWAY_PRINCIPAL),
    advance: (ms: number) => {
      now += ms;
    },
    clock,
    close: async () => {
      await subgraph.close();
      await eventLog.close();
      await database.close();
    },
  };
}
