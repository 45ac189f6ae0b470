import type { Logger } from 'pino';
import type { EventConsumer, EventLog } from '../../subgraphs/shared/eventlog/EventLog.js';
import type { MeshEvent, TaskEventData } from '../../subgraphs/shared/events.js';
import { pause, retryPauseMs } from '../../subgraphs/shared/pause.js';
import { costOf } from '../../subgraphs/shared/pricing.js';
import type { Metrics } from './createMetrics.js';

const GROUP = 'gateway-metrics';

/**
 * Counts for Prometheus what agents did and what it cost, from the events that tell of it and so beside the path of any operation.
 * The gateways of a mesh are one consumer group: each event is counted by one of them, and their counters can be added up.
 */
export function meterWork(eventLog: EventLog, metrics: Metrics, log: Logger): { close(): Promise<void> } {
  const closing = new AbortController();

  const open = async (): Promise<EventConsumer | undefined> => {
    for (let failures = 1; !closing.signal.aborted; failures++) {
      try {
        return await eventLog.consume(GROUP, ['mesh.tasks', 'mesh.usage'], async (_, events) => {
          for (const event of events) count(event, metrics, log);
        });
      } catch (error) {
        log.warn({ err: error, failures }, 'the metrics of work cannot be followed; tried again');
        await pause(retryPauseMs(failures), closing.signal);
      }
    }
    return undefined;
  };
  const opening = open();

  return {
    close: async () => {
      closing.abort();
      await (await opening)?.stop();
    },
  };
}

/** An event that makes no sense is left out: holding the others up for it would be worse. */
function count(event: MeshEvent, metrics: Metrics, log: Logger): void {
  try {
    if (event.type === 'task.attempt') countAttempt(event.data as TaskEventData, metrics);
    if (event.type === 'usage.recorded') countUsage((event as MeshEvent<'usage.recorded'>).data, metrics);
  } catch (error) {
    log.warn({ err: error, eventId: event.id }, 'an event makes no sense and is not in the metrics');
  }
}

function countAttempt({ agentId, modelId, taskClass, outcome, latencyMs }: TaskEventData, metrics: Metrics): void {
  if (agentId === null || modelId === null || outcome === undefined) return;
  metrics.attempt({ agentId, modelId, taskClass }, outcome.toLowerCase(), latencyMs === undefined ? null : latencyMs / 1000);
}

const PICO_PER_USD = 1e12;

function countUsage(
  { agentId, modelId, taskClass, pricing, ...usage }: MeshEvent<'usage.recorded'>['data'],
  metrics: Metrics,
): void {
  // Prometheus knows floats only. What is owed to the last digit is in the ledger.
  metrics.usage({ agentId, modelId, taskClass }, usage, Number(costOf(usage, pricing)) / PICO_PER_USD);
}
