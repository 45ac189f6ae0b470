import type { EventFeed, LoggedEvent } from '../../subgraphs/shared/eventlog/EventLog.js';

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
): AsyncIterableIterator<Result> {
  const done = { value: undefined, done: true } as const;
  const waiting = new Set<(result: IteratorResult<Result>) => void>();
  let ended = false;
  let turn: Promise<unknown> = Promise.resolve();

  const end = (): void => {
    if (ended) return;
    ended = true;
    onEnd();
    for (const settle of waiting) settle(done);
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

  const stream: AsyncIterableIterator<Result> = {
    next: () => {
      if (ended) return Promise.resolve(done);
      return new Promise((resolve, reject) => {
        waiting.add(resolve);
        turn = turn.then(pull).then(
          (result) => {
            waiting.delete(resolve);
            resolve(result);
          },
          (error: unknown) => {
            waiting.delete(resolve);
            reject(error);
            end();
          },
        );
      });
    },
    return: () => {
      end();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
