/** Without a deadline an attempt may take so long. */
const LONGEST_MS = 60_000;

/**
 * How long an attempt may take: half of what is left while others could still answer, all of it for the last, never over a minute.
 * So a first candidate that hangs leaves half of the time to the others, and of four each has at least an eighth.
 */
export function attemptTimeMs(deadlineAt: number | null, nowMs: number, othersFollow: boolean): number {
  if (deadlineAt === null) return LONGEST_MS;
  const left = Math.max(0, deadlineAt - nowMs);
  return Math.min(LONGEST_MS, othersFollow ? Math.floor(left / 2) : left);
}
