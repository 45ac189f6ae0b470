import { decodeCursor, isAtOrAfter, topicOf, type Cursor } from '../../subgraphs/shared/eventlog/cursor.js';
import type { Topic } from '../../subgraphs/shared/names.js';
import { MeshError } from '../errors.js';

/** How far a snapshot has come in each topic, and who waits until it has come further. */
export type Progress = ReturnType<typeof createProgress>;

export function createProgress(topics: readonly Topic[]) {
  const seen = new Map<Topic, Cursor>();
  const waiting = new Set<() => void>();
  return {
    advance: (topic: Topic, cursor: string): void => {
      seen.set(topic, decodeCursor(cursor, topic));
      for (const look of waiting) look();
    },
    /** Rejects with BAD_CURSOR for a cursor of no topic that is followed, with SNAPSHOT_STALE when `signal` is aborted before. */
    reaches: async (text: string, signal: AbortSignal): Promise<void> => {
      const topic = topicOf(text);
      if (!topics.includes(topic))
        throw new MeshError(
          'BAD_CURSOR',
          `Nothing here depends on ${topic}; x-mesh-after takes cursors of ${topics.join(', ')}.`,
        );
      const wanted = decodeCursor(text, topic);
      const isThere = (): boolean => {
        const at = seen.get(topic);
        return at !== undefined && isAtOrAfter(at, wanted);
      };
      if (isThere()) return;
      if (seen.has(topic) && seen.get(topic)!.epoch !== wanted.epoch)
        throw new MeshError(
          'BAD_CURSOR',
          'The cursor is of another life of the event log. Send the operation without x-mesh-after.',
        );
      await new Promise<void>((resolve, reject) => {
        const end = (settle: () => void) => (): void => {
          waiting.delete(look);
          signal.removeEventListener('abort', giveUp);
          settle();
        };
        const arrive = end(resolve);
        const look = (): void => {
          if (isThere()) arrive();
        };
        const giveUp = end(() =>
          reject(new MeshError('SNAPSHOT_STALE', 'The gateway has not heard of that event in time. Try again.')),
        );
        waiting.add(look);
        signal.addEventListener('abort', giveUp, { once: true });
        if (signal.aborted) giveUp();
      });
    },
  };
}
