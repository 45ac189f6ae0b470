import type { Logger } from 'pino';
import type { Database } from '../../subgraphs/shared/database/Database.js';
import { openPglite } from '../../subgraphs/shared/database/openPglite.js';
import { openPostgres } from '../../subgraphs/shared/database/openPostgres.js';
import type { EventLog } from '../../subgraphs/shared/eventlog/EventLog.js';
import { openTableEventLog } from '../../subgraphs/shared/eventlog/tableEventLog.js';
import type { StorageConfig } from '../config/readConfig.js';
import type { Lifetime } from './lifetime.js';

/** The database that the settings name, and the event log in it. */
export async function openStorage(
  { databaseUrl, dataDir }: StorageConfig,
  lifetime: Lifetime,
  log: Logger,
): Promise<{ database: Database; eventLog: EventLog }> {
  const database = await lifetime.open(
    () => (databaseUrl === null ? openPglite({ dataDir }) : openPostgres({ url: databaseUrl })),
    (opened) => opened.close(),
  );
  const eventLog = await lifetime.open(
    () => openTableEventLog(database, { clock: Date.now, log }),
    (opened) => opened.close(),
  );
  return { database, eventLog };
}
