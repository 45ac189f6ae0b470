import type { EventFeed, LoggedEvent } from '../../subgraphs/shared/eventlog/EventLog.js';

const DONE = { value: undefined, done: true } as const;

interface Waiting {
  readonly resolve: (result: IteratorResult<LoggedEvent>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads ahead, and keeps of what nobody has asked for yet only the newest event of each entity (`subject`): a client that reads slowly
 * is never behind, and at most one event waits for each entity that passes `isWanted`.
 *
 * Events come in the order of the log. So whatever lies before a cursor that was handed out was handed out too or was replaced by a
 * newer one, and who resumes from there gets nothing twice. Nothing is read before the first `next`; `stop` settles every waiting
 * call at once, although the reader below may wait for ever.
 */
export function conflate(reader: EventFeed, isWanted: (event: LoggedEvent) => boolean): EventFeed {
  /** In the order of the log. */
  const newest = new Map<string, LoggedEvent>();
  const waiting: Waiting[] = [];
  let started = false;
  /** Nothing more is read; with what the reader failed with, if it did. */
  let ended: { readonly error?: unknown } | undefined;

  const settle = (): void => {
    while (waiting.length > 0) {
      const [first] = newest;
      if (first) {
        newest.delete(first[0]);
        waiting.shift()!.resolve({ value: first[1], done: false });
      } else if (!ended) return;
      else if (ended.error === undefined) waiting.shift()!.resolve(DONE);
      else {
        waiting.shift()!.reject(ended.error);
        ended = {};
      }
    }
  };
  const readAhead = async (): Promise<void> => {
    while (!ended) {
      const read = await reader.next();
      if (read.done || ended) return;
      if (!isWanted(read.value)) continue;
      const { subject } = read.value.event;
      newest.delete(subject);
      newest.set(subject, read.value);
      settle();
    }
  };
  const end = (how: { readonly error?: unknown }): void => {
    ended ??= how;
    settle();
  };
  const stop = async (): Promise<void> => {
    newest.clear();
    ended = {};
    settle();
    await reader.stop();
  };

  const conflated: EventFeed = {
    next: () => {
      const result = new Promise<IteratorResult<LoggedEvent>>((resolve, reject) => waiting.push({ resolve, reject }));
      if (!started) {
        started = true;
        readAhead().then(
          () => end({}),
          (error: unknown) => end({ error }),
        );
      }
      settle();
      return result;
    },
    return: async () => {
      await stop();
      return DONE;
    },
    stop,
    [Symbol.asyncIterator]: () => conflated,
  };
  return conflated;
}
