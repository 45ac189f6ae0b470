import type { MeshEvent } from '../events.js';
import type { Topic } from '../names.js';

/**
 * A log per topic, ordered by `subject`: the table keeps one order for all events of a topic, Kafka one for each of its partitions, to
 * which subjects are spread. Adapters: a table (PGlite or PostgreSQL) and Kafka. All pass one contract suite.
 * Positions are assigned when an event is appended, never inside the transaction that caused it: a reader that has seen position n
 * can never miss one below n.
 */
export interface EventLog {
  /** As telemetry names it. */
  readonly system: 'kafka' | 'agent_mesh';
  /**
   * Appends in order. Appending an event id that the topic already holds does nothing, so that a relay may repeat itself (Kafka: within
   * bounds, see kafka/createAppender.ts). When it rejects, some of the events may be there.
   */
  append(topic: Topic, events: readonly MeshEvent[]): Promise<void>;

  /** A cursor after everything that the topic holds now. */
  head(topic: Topic): Promise<string>;

  /**
   * Reads from after `from` (a cursor) or from the head, then waits for more, until `stop`.
   * Rejects with EVENT_GAP (extensions: topic, from, oldest) when the cursor is older than what is kept or of another epoch,
   * with BAD_CURSOR when it is not a cursor of this topic.
   */
  read(topic: Topic, from: string | 'head'): Promise<EventReader>;

  /**
   * Hands the topic's events to `handle`, in order, one batch at a time, from where this group left off (a new group: from the oldest).
   * A batch is done when `handle` resolves; when it rejects it is tried again with growing pauses, for as long as the reason is broken
   * infrastructure. Otherwise it is narrowed down to the event that fails, which is put aside as a dead letter, and the rest goes on
   * (createDelivery.ts). Deliveries may repeat: `handle` is idempotent by event id. Several processes of one group share the work.
   */
  consume(group: string, topics: readonly Topic[], handle: EventHandler): Promise<EventConsumer>;

  close(): Promise<void>;
}

export interface LoggedEvent {
  readonly event: MeshEvent;
  /** base64url of [version, topic, epoch, offsets]: resumes exactly after this event. */
  readonly cursor: string;
}

/** Hand-written, not an async generator: `stop` (and `return`) settle a pending `next` at once. */
export interface EventFeed extends AsyncIterableIterator<LoggedEvent> {
  stop(): Promise<void>;
}

/** Bounded: it holds one batch. */
export interface EventReader extends EventFeed {
  /**
   * Resolves once everything up to the cursor (of this topic and epoch) is done with: it was given out and the next one asked for, or it
   * was a repeat and passed over. Resolves, too, when the reader is stopped; rejects with the signal's reason when it is aborted before.
   */
  reached(cursor: string, signal?: AbortSignal): Promise<void>;
}

export type EventHandler = (topic: Topic, events: readonly MeshEvent[]) => Promise<void>;

export interface EventConsumer {
  /** Resolves once every event appended before the call has been handled (or put aside). For tests and for draining. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}
