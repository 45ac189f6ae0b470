import { parseUsd } from '../../shared/money.js';
import { perToken } from '../../shared/pricing.js';
import type { RankedCandidate } from '../../shared/routeHint.js';

const MAX_OUTPUT_TOKENS = 4_096;
/** What chat templates put around messages. */
const TEMPLATE_TOKENS = 256;

/** No tokenizer makes more tokens than there are bytes. */
export function maxInputTokens(...texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => sum + (text === null ? 0 : Buffer.byteLength(text)), TEMPLATE_TOKENS);
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
