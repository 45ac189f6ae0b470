/** Who has lived this long, in milliseconds, has not died of its start. */
const STEADY_MS = 10_000;
/** Quick deaths in a row, of whichever workers, after which starting another one is no use. */
export const MAX_QUICK_DEATHS = 6;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/**
 * How long to wait before a worker that has died is started again, in milliseconds: hardly at all after a long life, and twice as long
 * after each quick death in a row. Null: no more.
 */
export function createRestarts(): (livedMs: number) => number | null {
  let quick = 0;
  return (livedMs) => {
    quick = livedMs < STEADY_MS ? quick + 1 : 0;
    if (quick >= MAX_QUICK_DEATHS) return null;
    return Math.min(FIRST_DELAY_MS * 2 ** Math.max(0, quick - 1), MAX_DELAY_MS);
  };
}
