import { EMPTY_SKETCH, mergeSketches, quantile, sketchOf, type DurationSketch } from '../../subgraphs/shared/durationSketch.js';
import { formatUsd, parseUsd, type PicoUsd } from '../../subgraphs/shared/money.js';
import { shortDuration, shortMs, shortRate, shortUsd } from '../terminal/shortForms.js';

/** What became of the questions so far. */
export interface Tally {
  readonly sent: number;
  readonly ok: number;
  readonly failed: ReadonlyMap<string, number>;
  /** Of the answers; what queued tasks cost follows later. */
  readonly cost: PicoUsd;
  /** How long answers and refusals took. */
  readonly sketch: DurationSketch;
}

/** `code` null: it went well. */
export interface Outcome {
  readonly code: string | null;
  readonly costUsd: string;
  readonly ms: number;
}

export const NOTHING_SENT: Tally = { sent: 0, ok: 0, failed: new Map(), cost: 0n, sketch: EMPTY_SKETCH };

export function withSent(tally: Tally): Tally {
  return { ...tally, sent: tally.sent + 1 };
}

export function withOutcome(tally: Tally, { code, costUsd, ms }: Outcome): Tally {
  const sketch = mergeSketches([tally.sketch, sketchOf([Math.max(0, ms)])]);
  if (code === null) return { ...tally, sketch, ok: tally.ok + 1, cost: tally.cost + parseUsd(costUsd) };
  return { ...tally, sketch, failed: new Map(tally.failed).set(code, (tally.failed.get(code) ?? 0) + 1) };
}

/** Under 80 characters. */
export function progressLine(tally: Tally, elapsedMs: number): string {
  const { sent, ok, cost, sketch } = tally;
  const speed = shortRate((sent * 1000) / Math.max(1, elapsedMs));
  const times = `p50 ${shortMs(quantile(sketch, 0.5))}  p95 ${shortMs(quantile(sketch, 0.95))}`;
  const numbers = `sent ${sent} (${speed}/s)  ok ${ok}  failed ${failedOf(tally)}  ${shortUsd(cost)} USD`;
  return `${shortDuration(elapsedMs)}  ${numbers}  ${times}`;
}

export function summary(tally: Tally, elapsedMs: number): string[] {
  const { sent, ok, failed, cost, sketch } = tally;
  const unanswered = sent - ok - failedOf(tally);
  const codes = [...failed].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([code, count]) => `${count} ${code}`);
  return [
    `${sent} sent in ${(elapsedMs / 1000).toFixed(0)} s: ${ok} ok, ${failedOf(tally)} failed${codes.length > 0 ? ` (${codes.join(', ')})` : ''}${unanswered > 0 ? `, ${unanswered} not answered in time` : ''}.`,
    `The answers cost ${formatUsd(cost)} USD. Half came within ${shortMs(quantile(sketch, 0.5))}, 95 % within ${shortMs(quantile(sketch, 0.95))}.`,
  ];
}

function failedOf({ failed }: Tally): number {
  return [...failed.values()].reduce((sum, count) => sum + count, 0);
}
