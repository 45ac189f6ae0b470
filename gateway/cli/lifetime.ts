import type { Logger } from 'pino';

/** What a process has opened, to be closed in the opposite order. */
export interface Lifetime {
  /** Remembers how to close what `open` resolves to. */
  open<T>(open: () => Promise<T>, close: (opened: T) => Promise<unknown>): Promise<T>;
  close(): Promise<void>;
}

export function createLifetime(): Lifetime {
  const closers: (() => Promise<unknown>)[] = [];
  return {
    open: async (open, close) => {
      const opened = await open();
      closers.push(() => close(opened));
      return opened;
    },
    close: async () => {
      for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
    },
  };
}

/** Runs `start`; when it fails, what was opened is closed before the failure goes on. Then lives until SIGINT or SIGTERM, and exits with 0. */
export async function liveUntilStopped(log: Logger, start: (lifetime: Lifetime) => Promise<void>): Promise<void> {
  const lifetime = createLifetime();
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'closing; once more ends at once');
    lifetime.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'closing failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    await start(lifetime);
  } catch (error) {
    if (stopping) return;
    await lifetime.close().catch((cause: unknown) => log.error({ err: cause }, 'closing failed'));
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    throw error;
  }
}
