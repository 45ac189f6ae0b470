import { parseUsd } from '../../shared/money.js';
import { perToken } from '../../shared/pricing.js';
import type { RankedCandidate } from '../../shared/routeHint.js';
import { MAX_OUTPUT_TOKENS, mostInputTokens } from '../../shared/tokenBounds.js';

/** Of everything that a call sends. */
export function maxInputTokens(...texts: readonly (string | null)[]): number {
  return mostInputTokens(
    texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0),
    0,
  );
}

/** How long an answer may be so that it can never cost more than the cap. Zero: not even the question is covered. */
export function maxOutputTokens({ pricing, capUsd }: RankedCandidate, inputTokens: number): number {
  const perInput = [pricing.inputPerMTokUsd, pricing.cachedInputPerMTokUsd ?? '0']
    .map(perToken)
    .reduce((a, b) => (a > b ? a : b));
  const perOutput = perToken(pricing.outputPerMTokUsd);
  const left = parseUsd(capUsd) - parseUsd(pricing.perRequestUsd ?? '0') - BigInt(inputTokens) * perInput;
  if (left < 0n) return 0;
  if (perOutput === 0n) return MAX_OUTPUT_TOKENS;
  const affordable = left / perOutput;
  return affordable < BigInt(MAX_OUTPUT_TOKENS) ? Number(affordable) : MAX_OUTPUT_TOKENS;
}
