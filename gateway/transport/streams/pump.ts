/**
 * Takes one value after the other and writes it; the next is asked for when the last has left, so that nothing is piled up for a slow
 * reader. When `gone` fires the source's `return` settles its pending `next`. Rejects with what the source rejects with.
 */
export async function pump<Value>(
  source: AsyncIterator<Value>,
  gone: AbortSignal,
  write: (value: Value) => Promise<void>,
): Promise<void> {
  const leave = (): void => void source.return?.().catch(() => undefined);
  gone.addEventListener('abort', leave, { once: true });
  try {
    while (!gone.aborted) {
      const { value, done } = await source.next();
      if (done || gone.aborted) return;
      await write(value);
    }
  } finally {
    gone.removeEventListener('abort', leave);
    await source.return?.();
  }
}
