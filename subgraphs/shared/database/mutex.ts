import { MeshError } from '../errors.js';

/** One at a time, in order of arrival. */
export interface Mutex {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Waits for what has been taken and refuses everything later. */
  close(): Promise<void>;
}

export function createMutex(maxWaiting = 10_000): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;
  return {
    run: (work) => {
      if (closed) return Promise.reject(new Error('the database is closed'));
      if (waiting >= maxWaiting) {
        return Promise.reject(new MeshError('TOO_BUSY', `${maxWaiting} statements wait for the database. Try again later.`));
      }
      waiting++;
      const result = last.then(work).finally(() => waiting--);
      last = result.catch(() => undefined);
      return result;
    },
    close: async () => {
      closed = true;
      await last;
    },
  };
}
