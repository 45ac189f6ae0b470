import type { SubgraphResources } from '../../shared/Subgraph.js';
import { closeWindow } from './closeWindow.js';

/** Of the 5 s that a transaction has. */
const TAKING_MS = 1_500;

/**
 * Closes a window of the live metrics every `windowSeconds`, at multiples of it, so that all processes mean the same windows. One
 * process does it at a time; the others find it done. A failure is logged, and the next window then holds both.
 */
export function startMetrics(
  { database, clock, log, wakeRelay }: SubgraphResources,
  { windowSeconds = 5 }: { windowSeconds?: number } = {},
): { stop(): Promise<void> } {
  const windowMs = windowSeconds * 1000;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const tick = async (): Promise<void> => {
    const endMs = Math.floor(clock() / windowMs) * windowMs;
    const startedAt = performance.now();
    const hasTime = (): boolean => performance.now() - startedAt < TAKING_MS;
    try {
      const published = await database.withTryLock('agents.metrics', () =>
        database.transaction((tx) => closeWindow(tx, { endMs, windowSeconds, hasTime })),
      );
      if (published) wakeRelay();
    } catch (error) {
      log.warn({ err: error }, 'a window of metrics could not be closed; the next one will hold it');
    }
  };
  let running: Promise<unknown> = Promise.resolve();
  const wait = (): void => {
    timer = setTimeout(
      () => {
        running = tick().then(() => {
          if (!stopped) wait();
        });
      },
      windowMs - (clock() % windowMs),
    );
  };
  wait();

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
