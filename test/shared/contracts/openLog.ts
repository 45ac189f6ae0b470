import pino from 'pino';
import type { Database } from '../../../subgraphs/shared/database/Database.js';
import { openTableEventLog } from '../../../subgraphs/shared/eventlog/tableEventLog.js';
import type { OpenedLog } from './eventLogContract.js';

/** What the table log promises beyond the contract. */
export const TABLE = { order: 'topic', gap: { from: 0, oldest: 3 } } as const;

/** A table log whose clock can be moved past the retention. */
export async function openLogOn(database: Database): Promise<OpenedLog> {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const eventLog = await openTableEventLog(database, { clock: () => now, log: pino({ level: 'silent' }), retentionDays: 7 });
  return {
    eventLog,
    expire: async () => {
      now += 8 * 86_400_000;
      await eventLog.append('mesh.routing', [
        {
          specversion: '1.0',
          id: 'trigger',
          source: '/test',
          type: 'task.queued',
          subject: 'trigger',
          time: new Date(now).toISOString(),
          datacontenttype: 'application/json',
          data: { tenant: 't', taskId: 't', taskClass: 'c', kind: 'QUEUED', status: 'QUEUED', agentId: null, modelId: null },
        },
      ]);
      // Trimming goes on beside the append.
      for (let oldest = 1n; oldest === 1n;) {
        const { rows } = await database.query<{ oldest: bigint }>(`select oldest from events.topic where topic = 'mesh.routing'`);
        oldest = rows[0]!.oldest;
      }
    },
    deadLetters: async () => {
      const { rows } = await database.query<Awaited<ReturnType<OpenedLog['deadLetters']>>[number]>(
        'select consumer_group as "group", topic, event, error from events.dead_letter order by at',
      );
      return rows;
    },
    close: async () => {
      await eventLog.close();
      await database.close();
    },
  };
}
