/** Settles as `work` does, or rejects with `reason()` as soon as the signal aborts. The work itself goes on; only the waiting ends. */
export function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal, reason: () => Error): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(reason());
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
