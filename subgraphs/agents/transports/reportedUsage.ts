import { costOf, perToken, type Usage } from '../../shared/pricing.js';
import { parseUsd } from '../../shared/money.js';
import type { RankedCandidate } from '../../shared/routeHint.js';

/** What the other side says it used; anything may be missing or wrong. */
export interface UsageReport {
  readonly inputTokens?: unknown;
  readonly cachedInputTokens?: unknown;
  readonly outputTokens?: unknown;
}

export interface UsageBounds {
  /** The most tokens that the request can have had. */
  readonly maxInputTokens: number;
  /** The most tokens that were allowed to the answer. */
  readonly maxOutputTokens: number;
}

/** A usage that can be paid, or why there is none. */
export type CheckedUsage =
  { readonly ok: true; readonly usage: Usage } | { readonly ok: false; readonly why: string; readonly missing: boolean };

const NOTHING: Usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };

/**
 * Checks a report before it is paid. The ledger is the sum of reported tokens times prices and nothing else: a report that is missing
 * or cannot be true is neither corrected nor replaced by a guess, and an answer that comes with one is not taken. Only of a model
 * whose tokens are free no report is needed.
 */
export function checkUsage(
  report: UsageReport | null | undefined,
  candidate: RankedCandidate,
  bounds: UsageBounds,
): CheckedUsage {
  if (!report || (isNone(report.inputTokens) && isNone(report.outputTokens))) {
    if (tokensAreFree(candidate)) return { ok: true, usage: NOTHING };
    return { ok: false, missing: true, why: 'it did not say how many tokens it used, so that it cannot be accounted for' };
  }
  const { inputTokens, outputTokens } = report;
  const cachedInputTokens = isNone(report.cachedInputTokens) ? 0 : report.cachedInputTokens;
  const refused = (why: string): CheckedUsage => ({
    ok: false,
    missing: false,
    why: `its report of usage cannot be true: ${why}`,
  });
  if (!isCount(inputTokens) || !isCount(outputTokens) || !isCount(cachedInputTokens))
    return refused('tokens are whole numbers, zero or more');
  if (cachedInputTokens > inputTokens) return refused('more input tokens from the cache than input tokens');
  if (inputTokens > bounds.maxInputTokens)
    return refused(`${inputTokens} input tokens, and the request had at most ${bounds.maxInputTokens}`);
  if (outputTokens > bounds.maxOutputTokens)
    return refused(`${outputTokens} output tokens, and ${bounds.maxOutputTokens} were allowed`);
  const usage = { inputTokens, cachedInputTokens, outputTokens };
  if (costOf(usage, candidate.pricing) > parseUsd(candidate.capUsd))
    return refused(`it would cost more than the ${candidate.capUsd} USD that the route allows`);
  return { ok: true, usage };
}

/** For agents whose work is not bounded by what they are sent: the cap alone bounds it. */
export const UNBOUNDED: UsageBounds = { maxInputTokens: Number.MAX_SAFE_INTEGER, maxOutputTokens: Number.MAX_SAFE_INTEGER };

function tokensAreFree({ pricing }: RankedCandidate): boolean {
  const { inputPerMTokUsd, cachedInputPerMTokUsd, outputPerMTokUsd } = pricing;
  return [inputPerMTokUsd, cachedInputPerMTokUsd ?? '0', outputPerMTokUsd].every((price) => perToken(price) === 0n);
}

function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
