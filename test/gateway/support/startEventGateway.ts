import { pino } from 'pino';
import { openPglite } from '../../../subgraphs/shared/database/openPglite.js';
import { openTableEventLog } from '../../../subgraphs/shared/eventlog/tableEventLog.js';
import { newEvent } from '../../../subgraphs/shared/newEvent.js';
import { startTestGateway } from './startTestGateway.js';

export const TASK_EVENTS = `subscription ($after: String) {
  taskEvents(after: $after) { kind cursor task { id taskClass } }
}`;
export type SeenTask = { taskEvents: { kind: string; cursor: string; task: { id: string; taskClass: string } } };

/** A gateway over an event log of its own, in memory. */
export async function startEventGateway(options: Parameters<typeof startTestGateway>[0] = {}) {
  const database = await openPglite({ dataDir: null });
  const eventLog = await openTableEventLog(database, { clock: Date.now, log: pino({ level: 'silent' }) });
  const mesh = await startTestGateway({
    eventLog,
    resolvers: {
      Query: { agent: (_: unknown, { id }: { id: string }) => ({ id, name: `Agent ${id}` }) },
      Task: { __resolveReference: async ({ id }: { id: string }) => ({ id, taskClass: `class of ${id}` }) },
    },
    ...options,
  });
  return {
    ...mesh,
    eventLog,
    append: (taskId: string, kind = 'QUEUED') => {
      const type = `task.${kind.toLowerCase()}` as 'task.queued';
      const data = { tenant: 'demo', taskId, taskClass: 'x', kind, status: kind, agentId: 'a1', modelId: null };
      return eventLog.append('mesh.tasks', [newEvent(type, taskId, data, { subgraph: 'agents', nowMs: Date.now() })]);
    },
    /** Subscriptions that are open. */
    active: async (): Promise<number> => {
      const text = await (await fetch(`${mesh.url}/metrics`)).text();
      return Number(/^mesh_active_subscriptions (\d+)$/m.exec(text)![1]);
    },
    close: async () => {
      await mesh.close();
      await eventLog.close();
      await database.close();
    },
  };
}
