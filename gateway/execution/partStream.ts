import type { IncrementalPart, SubsequentResult } from './Outcome.js';

export interface PartStream {
  /** Something more will be pushed, until as many `done` have been called. */
  open(): void;
  done(): void;
  push(parts: readonly IncrementalPart[]): void;
  /** From now on `results` may say that nothing follows. */
  begin(): void;
  /** Written by hand, so that `return` settles a pending `next` at once. Parts that are there together come together. */
  readonly results: AsyncIterator<SubsequentResult>;
}

export function createPartStream(): PartStream {
  let waiting: IncrementalPart[] = [];
  let open = 1;
  let isOver = false;
  let wake: (() => void) | undefined;
  const woken = (): void => {
    wake?.();
    wake = undefined;
  };
  const done = (): void => {
    open--;
    woken();
  };
  const END = { value: undefined, done: true } as const;
  return {
    open: () => void open++,
    done,
    begin: done,
    push: (parts) => {
      if (isOver) return;
      waiting.push(...parts);
      if (parts.length > 0) woken();
    },
    results: {
      next: async () => {
        while (!isOver && waiting.length === 0 && open > 0) await new Promise<void>((resolve) => (wake = resolve));
        if (isOver) return END;
        const incremental = waiting;
        waiting = [];
        isOver = open === 0;
        return { value: { ...(incremental.length > 0 && { incremental }), hasNext: !isOver }, done: false };
      },
      return: async () => {
        isOver = true;
        waiting = [];
        woken();
        return END;
      },
    },
  };
}
