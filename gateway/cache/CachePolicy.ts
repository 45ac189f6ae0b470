/** For how long, and for whom, something may be kept. */
export interface CachePolicy {
  /** Seconds. 0: not at all. Undefined: nothing has been said, so it is what it stands in that counts. */
  readonly maxAge: number | undefined;
  /** For the one caller only. */
  readonly isPrivate: boolean;
}

export const UNSAID: CachePolicy = { maxAge: undefined, isPrivate: false };
export const NEVER: CachePolicy = { maxAge: 0, isPrivate: false };

/** What both allow. */
export function restrict(a: CachePolicy, b: CachePolicy): CachePolicy {
  return {
    maxAge: a.maxAge === undefined ? b.maxAge : b.maxAge === undefined ? a.maxAge : Math.min(a.maxAge, b.maxAge),
    isPrivate: a.isPrivate || b.isPrivate,
  };
}
