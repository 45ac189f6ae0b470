import type { Logger } from 'pino';
import type { Database } from '../../subgraphs/shared/database/Database.js';
import type { EventLog } from '../../subgraphs/shared/eventlog/EventLog.js';
import { openTableEventLog } from '../../subgraphs/shared/eventlog/tableEventLog.js';
import { traceDatabase } from '../../subgraphs/shared/telemetry/traceDatabase.js';
import type { StorageConfig } from '../config/readConfig.js';
import type { Lifetime } from './lifetime.js';

/** The database that the settings name, and the event log: in Kafka when they name brokers, else in the database. */
export async function openStorage(
  config: StorageConfig,
  lifetime: Lifetime,
  log: Logger,
): Promise<{ database: Database; eventLog: EventLog }> {
  const database = await openDatabase(config, lifetime);
  return { database, eventLog: await openLog(config, lifetime, log, async () => database) };
}

/** The event log alone, for a gateway: one in Kafka needs no database. */
export function openEventLog(config: StorageConfig, lifetime: Lifetime, log: Logger): Promise<EventLog> {
  return openLog(config, lifetime, log, () => openDatabase(config, lifetime));
}

function openDatabase({ databaseUrl, dataDir }: StorageConfig, lifetime: Lifetime): Promise<Database> {
  return lifetime.open(
    async () => {
      if (databaseUrl === null) {
        const { openPglite } = await import('../../subgraphs/shared/database/openPglite.js');
        return traceDatabase(await openPglite({ dataDir }));
      }
      const { openPostgres } = await import('../../subgraphs/shared/database/openPostgres.js');
      return traceDatabase(await openPostgres({ url: databaseUrl }));
    },
    (opened) => opened.close(),
  );
}

async function openLog(
  { kafka }: StorageConfig,
  lifetime: Lifetime,
  log: Logger,
  database: () => Promise<Database>,
): Promise<EventLog> {
  if (kafka === null) {
    const opened = await database();
    return lifetime.open(
      () => openTableEventLog(opened, { clock: Date.now, log }),
      (eventLog) => eventLog.close(),
    );
  }
  return lifetime.open(
    async () => {
      const { openKafkaEventLog } = await import('../../subgraphs/shared/eventlog/kafkaEventLog.js');
      return openKafkaEventLog({ ...kafka, log });
    },
    (eventLog) => eventLog.close(),
  );
}
