import type { EventFeed, LoggedEvent } from '../../subgraphs/shared/eventlog/EventLog.js';

export interface PullStream<Result> extends AsyncIterableIterator<Result> {
  /** Ends the stream with an error, which whoever waits gets at once, or who asks next. */
  fail(error: unknown): void;
}

interface Waiter<Result> {
  readonly resolve: (result: IteratorResult<Result>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns logged events into results, one at a time and only when asked, so that a slow client holds back its own reader and nothing is
 * piled up. `deliver` resolves to null for an event that is not for this client; when it rejects the stream ends with that error.
 *
 * Written by hand: the `return` of an async generator waits behind its pending `next`, which may wait for an event for ever, and a
 * thousand clients that leave would leave a thousand readers. Nor is a promise raced against one that lives as long as the stream:
 * each race would hang another reaction on it. `onEnd` is called exactly once, whatever ends the stream.
 */
export function pullStream<Result>(
  reader: EventFeed,
  deliver: (event: LoggedEvent) => Promise<Result | null>,
  onEnd: () => void,
): PullStream<Result> {
  const done = { value: undefined, done: true } as const;
  const waiting = new Set<Waiter<Result>>();
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const end = (): void => {
    if (ended) return;
    ended = true;
    onEnd();
    for (const { resolve } of waiting) resolve(done);
    waiting.clear();
    // A reader that cannot stop has nothing to tell a client that is gone.
    reader.stop().catch(() => undefined);
  };
  const pull = async (): Promise<IteratorResult<Result>> => {
    while (!ended) {
      const read = await reader.next();
      if (read.done) break;
      const value = await deliver(read.value);
      if (value !== null && !ended) return { value, done: false };
    }
    end();
    return done;
  };

  const stream: PullStream<Result> = {
    next: () => {
      if (failure) {
        const { error } = failure;
        failure = undefined;
        return Promise.reject(error);
      }
      if (ended) return Promise.resolve(done);
      return new Promise((resolve, reject) => {
        const waiter = { resolve, reject };
        waiting.add(waiter);
        turn = turn.then(pull).then(
          (result) => {
            waiting.delete(waiter);
            resolve(result);
          },
          (error: unknown) => {
            waiting.delete(waiter);
            reject(error);
            end();
          },
        );
      });
    },
    fail: (error) => {
      if (ended) return;
      const [first] = waiting;
      if (first) first.reject(error);
      else failure = { error };
      end();
    },
    return: () => {
      failure = undefined;
      end();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
