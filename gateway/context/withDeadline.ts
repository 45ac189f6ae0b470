import { setMaxListeners } from 'node:events';

/**
 * Runs `work` with a signal that fires with `outer` or after `ms`. Leaves nothing behind on `outer`, which may live as long as a
 * connection (AbortSignal.any would keep a dependent signal there for each event).
 */
export async function withDeadline<Result>(
  outer: AbortSignal,
  ms: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, ms);
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}
