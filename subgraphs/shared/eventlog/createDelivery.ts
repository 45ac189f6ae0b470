import type { Logger } from 'pino';
import type { MeshEvent } from '../events.js';
import type { Topic } from '../names.js';
import type { EventHandler, EventLog } from './EventLog.js';
import { withBatchSpan } from '../telemetry/batchSpan.js';
import { isInfrastructureFailure } from './isInfrastructureFailure.js';

/** An event that a group could not handle, with the error of its last try. */
export interface DeadLetter {
  readonly group: string;
  readonly topic: Topic;
  readonly event: MeshEvent;
  readonly error: string;
}

/** Hands events to a handler and finds the one that spoils a batch. One for each ordered sequence of events; it remembers failures. */
export interface Delivery {
  /**
   * One try, of a batch or of the first event of it. Resolves to how many events, from the front, are done with; rejects when none is,
   * and is then to be called again after a pause with the same events at the front.
   */
  attempt(events: readonly MeshEvent[]): Promise<number>;
}

interface Options {
  readonly group: string;
  readonly topic: Topic;
  readonly handle: EventHandler;
  /** Rejects when the event could not be put aside; it is then tried again. */
  readonly putAside: (letter: DeadLetter) => Promise<void>;
  readonly log: Logger;
  readonly system: EventLog['system'];
}

/** Tries of a batch before its events come one by one, and of one event before it is put aside. */
const TRIES = 5;

/**
 * Broken infrastructure is waited for, for ever: giving up events because a database is down would lose them. Anything else is the fault
 * of an event or of the code: without a limit, one of them would hold up all that come after it.
 */
export function createDelivery({ group, topic, handle, putAside, log, system }: Options): Delivery {
  let failures = 0;
  /** The event at the front when the last try failed. */
  let failing: string | undefined;
  /** Events at the front that are handed over one by one, since one of them spoils the batch. */
  let suspects = 0;

  const failed = async (part: readonly MeshEvent[], error: unknown): Promise<void> => {
    failing = part[0]?.id;
    if (isInfrastructureFailure(error)) throw error;
    failures = Math.min(failures + 1, TRIES);
    if (failures < TRIES) throw error;
    const [event] = part;
    if (part.length > 1 || !event) {
      suspects = part.length;
      failures = 0;
      throw error;
    }
    await putAside({ group, topic, event, error: textOf(error) });
    log.error(
      { group, topic, eventId: event.id, eventType: event.type, err: error },
      'an event could not be handled and is put aside as a dead letter; the others go on',
    );
  };

  return {
    attempt: async (events) => {
      // Another process may have come further in the meantime; its events are not to blame for what failed here.
      if (failing !== events[0]?.id) failures = 0;
      const part = suspects > 0 ? events.slice(0, 1) : events;
      try {
        await withBatchSpan({ operation: 'process', topic, system, group }, part, () => handle(topic, part));
      } catch (error) {
        await failed(part, error);
      }
      failures = 0;
      suspects = Math.max(0, suspects - part.length);
      return part.length;
    },
  };
}

const MAX_ERROR_CHARACTERS = 2_000;

function textOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, MAX_ERROR_CHARACTERS);
}
