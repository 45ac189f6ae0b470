export interface Breaker {
  /** False: it failed too often of late, and nobody should try it now. Once the pause is over one caller may. */
  allows(key: string, nowMs: number): boolean;
  succeeded(key: string): void;
  failed(key: string, nowMs: number): void;
}

const MAX_FAILURES = 5;
const PAUSE_MS = 10_000;
const MAX_KEYS = 10_000;

/** Opens after 5 failures in a row and lets one caller try again every 10 s. Only breakdowns count, never an answer of low quality. */
export function createBreaker(): Breaker {
  const failures = new Map<string, { count: number; retryAt: number }>();
  return {
    allows: (key, nowMs) => {
      const state = failures.get(key);
      if (!state || state.count < MAX_FAILURES) return true;
      if (nowMs < state.retryAt) return false;
      state.retryAt = nowMs + PAUSE_MS;
      return true;
    },
    succeeded: (key) => void failures.delete(key),
    failed: (key, nowMs) => {
      const count = (failures.get(key)?.count ?? 0) + 1;
      if (failures.size >= MAX_KEYS) failures.clear();
      failures.set(key, { count, retryAt: nowMs + PAUSE_MS });
    },
  };
}
