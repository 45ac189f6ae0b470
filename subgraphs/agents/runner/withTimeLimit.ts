import { setMaxListeners } from 'node:events';

/**
 * Runs `work` with a signal that fires after `ms` or with `outer`, and waits no longer for it than that: undefined when the signal
 * came first, though `work` did not settle. Leaves nothing behind on `outer`.
 */
export async function withTimeLimit<T>(
  outer: AbortSignal,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal);
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, Math.max(0, ms));
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  try {
    const working = work(signal);
    const over = new Promise<undefined>((resolve) => {
      const settle = (): void => void setTimeout(() => resolve(undefined), SETTLE_MS).unref();
      if (signal.aborted) settle();
      else signal.addEventListener('abort', settle, { once: true });
    });
    return await Promise.race([working, over]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}

/** Whoever heeds the signal settles within this; nobody is waited for longer. */
const SETTLE_MS = 20;
