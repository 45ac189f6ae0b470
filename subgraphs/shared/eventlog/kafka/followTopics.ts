import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Topic } from '../../names.js';
import { retryPauseMs } from '../../pause.js';
import { boundsAround, isWithin } from './bounds.js';
import { createEventRing, type EventRing } from './eventRing.js';
import { toRecord } from './kafkaRecord.js';
import { mergeByTime } from './mergeByTime.js';
import type { KafkaLink, TopicBounds, WantedPartition } from './openKafkaLink.js';

/**
 * Reads the ends of topics for all readers of this process: one request at a time to each broker, however many readers there are.
 * A topic is followed from the first time that somebody asks for it.
 */
export interface Followed {
  /** The ring changes when the topic was made anew, or when its events were gone before they could be read: ask each time. */
  ring(): EventRing;
  /** Calls `look` after each arrival and each change of the ring, until it is removed. */
  readonly watchers: Set<() => void>;
}

export interface Follower {
  follow(topic: Topic): Promise<Followed>;
  close(): Promise<void>;
}

interface Options {
  /** A link of its own: a broker answers a connection's requests one after the other, and these wait for something to come. */
  readonly link: KafkaLink;
  readonly nameOf: (topic: Topic) => string;
  readonly log: Logger;
  /** For tests. */
  readonly ringEntries?: number;
}

interface Following extends Followed {
  current: EventRing;
}

/** A newly followed topic waits for the request under way, so this is short. */
const WAIT_MS = 250;
const MAX_BYTES = 8 * 1024 * 1024;
/** How often leaders and the number of partitions are looked at when nothing fails. */
const ALIGN_EVERY_MS = 15_000;

export function followTopics({ link, nameOf, log, ringEntries }: Options): Follower {
  const followed = new Map<Topic, Following>();
  const leaders = new Map<Topic, ReadonlyMap<string, readonly number[]>>();
  const loops = new Map<string, Promise<void>>();
  const opening = new Map<Topic, Promise<Following>>();
  const closing = new AbortController();
  let alignedAt = 0;

  const newRing = ({ epoch, next }: TopicBounds): EventRing =>
    createEventRing({ epoch, start: next, ...(ringEntries !== undefined && { maxEntries: ringEntries }) });

  /** Learns who leads what, and begins a new ring where the old one cannot go on. */
  const align = async (): Promise<void> => {
    for (const [topic, following] of followed) {
      leaders.set(topic, await link.leaders(nameOf(topic)));
      // As they were before asking: what comes in the meantime may be beyond the answer.
      const { epoch } = following.current;
      const positions = [...following.current.positions()];
      const bounds = await boundsAround(link, nameOf(topic), epoch, positions);
      if (!isWithin(epoch, positions, bounds)) {
        log.warn(
          { topic },
          'the topic was made anew or trimmed while it was followed; its readers are told which events are gone',
        );
        following.current = newRing(bounds);
        wake(following);
      }
    }
    alignedAt = Date.now();
    for (const nodes of leaders.values())
      for (const nodeId of nodes.keys()) if (!loops.has(nodeId)) loops.set(nodeId, read(nodeId));
  };

  const read = async (nodeId: string): Promise<void> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      try {
        if (failures > 0 || Date.now() - alignedAt > ALIGN_EVERY_MS) await align();
        const wanted = wantedFrom(nodeId);
        if (wanted.length === 0) break;
        const asked = new Map([...followed].map(([topic, { current }]) => [topic, current]));
        const fetched = await link.fetch(nodeId, wanted, { waitMs: WAIT_MS, maxBytes: MAX_BYTES });
        for (const [topic, following] of followed) {
          const partitions = fetched.filter((each) => each.topic === nameOf(topic) && each.messages.length > 0);
          // What was asked for a ring that is no more says nothing about the one that took its place.
          if (partitions.length === 0 || asked.get(topic) !== following.current) continue;
          const records = partitions.map(({ partition, messages }) => messages.map((message) => toRecord(partition, message)));
          for (const record of mergeByTime(records)) following.current.push(record);
          wake(following);
        }
        failures = 0;
      } catch (error) {
        if (closing.signal.aborted) break;
        failures++;
        log.warn({ err: error, failures }, 'events could not be fetched from Kafka and are tried again');
        await delay(retryPauseMs(failures), undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    loops.delete(nodeId);
  };

  const wantedFrom = (nodeId: string): WantedPartition[] =>
    [...followed].flatMap(([topic, { current }]) =>
      (leaders.get(topic)?.get(nodeId) ?? []).map((partition) => ({
        topic: nameOf(topic),
        partition,
        offset: current.positions()[partition] ?? 0,
      })),
    );

  const open = async (topic: Topic): Promise<Following> => {
    const bounds = await link.bounds(nameOf(topic));
    const following: Following = { current: newRing(bounds), ring: () => following.current, watchers: new Set() };
    followed.set(topic, following);
    await align();
    return following;
  };

  return {
    follow: async (topic) => {
      let following = opening.get(topic);
      if (!following) {
        following = open(topic);
        opening.set(topic, following);
        following.catch(() => opening.delete(topic));
      }
      return following;
    },
    close: async () => {
      closing.abort();
      await link.close();
      await Promise.all(loops.values());
    },
  };
}

function wake({ watchers }: Followed): void {
  for (const look of watchers) look();
}
