import type { EventReader, LoggedEvent } from './EventLog.js';

const DONE = { value: undefined, done: true } as const;

export interface Source {
  /** Resolves to the next event, or to undefined once it was stopped. Called again only after it has settled. */
  take(): Promise<LoggedEvent | undefined>;
  /** Called when whoever reads asks for the next event: what was given out before is done with. */
  done(): void;
  /** Whether everything up to the cursor is done with, or was passed over. */
  hasReached(cursor: string): boolean;
  /** Makes a pending `take` settle. */
  stop(): Promise<void>;
}

/**
 * An event reader around a source. Written by hand: the `return()` of an async generator waits behind a pending `next()`, which here may
 * wait for ever. Nor is a `next` raced against a promise that lives as long as the reader: each race would hang another reaction on it.
 */
export interface PulledReader extends EventReader {
  /** To be called by the source when it has passed over events without giving them out. */
  look(): void;
}

export function pullReader(source: Source): PulledReader {
  const pending = new Set<(result: IteratorResult<LoggedEvent>) => void>();
  const waiting = new Map<() => void, string>();
  let stopped = false;
  let last: Promise<unknown> = Promise.resolve();

  const look = (): void => {
    for (const [settle, cursor] of waiting) {
      if (!stopped && !source.hasReached(cursor)) continue;
      waiting.delete(settle);
      settle();
    }
  };
  const take = async (): Promise<IteratorResult<LoggedEvent>> => {
    source.done();
    look();
    const value = stopped ? undefined : await source.take();
    return value && !stopped ? { value, done: false } : DONE;
  };
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    for (const settle of pending) settle(DONE);
    pending.clear();
    look();
    await source.stop();
  };

  const reader: PulledReader = {
    look,
    next: () => {
      if (stopped) return Promise.resolve(DONE);
      return new Promise((resolve, reject) => {
        pending.add(resolve);
        // One after the other, so that two callers never read the same batch.
        last = last.then(take).then(
          (result) => {
            pending.delete(resolve);
            resolve(result);
          },
          (error: unknown) => {
            pending.delete(resolve);
            reject(error);
          },
        );
      });
    },
    reached: (cursor, signal) =>
      new Promise((resolve, reject) => {
        const settle = (): void => {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        };
        const giveUp = (): void => {
          waiting.delete(settle);
          reject(signal!.reason as Error);
        };
        if (signal?.aborted) return giveUp();
        signal?.addEventListener('abort', giveUp, { once: true });
        waiting.set(settle, cursor);
        look();
      }),
    return: async () => {
      await stop();
      return DONE;
    },
    stop,
    [Symbol.asyncIterator]: () => reader,
  };
  return reader;
}
