/** A pause that can be cut short. A wake that comes while nobody waits is remembered, so that none is lost. */
export interface Waker {
  wake(): void;
  /** Resolves after `ms` milliseconds or at the next wake; at once when one came since the last wait. One waiter at a time. */
  wait(ms: number): Promise<void>;
}

export function createWaker(): Waker {
  let woken = false;
  let release: (() => void) | undefined;
  return {
    wake: () => {
      woken = true;
      release?.();
    },
    wait: async (ms) => {
      if (!woken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          release = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        release = undefined;
      }
      woken = false;
    },
  };
}

/** Resolves after `ms` milliseconds, or as soon as the signal aborts. Leaves no listener behind. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

/** 50 ms, doubled with every failure in a row, at most 5 s. */
export function retryPauseMs(failures: number): number {
  return Math.min(5_000, 50 * 2 ** Math.min(failures, 10));
}
