import { parseUsd, type PicoUsd } from './money.js';

/** Prices of one model as decimal strings: USD per million tokens (at most six decimals) and USD per request. */
export interface Pricing {
  readonly inputPerMTokUsd: string;
  readonly outputPerMTokUsd: string;
  /** Null: cached input costs what input costs. */
  readonly cachedInputPerMTokUsd: string | null;
  readonly perRequestUsd: string | null;
  /** Grows by one with every change of price; a ledger entry names the version that it was priced by. */
  readonly version: number;
}

/** Tokens of one call. `inputTokens` includes `cachedInputTokens`. */
export interface Usage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

const TOKENS_PER_MTOK = 1_000_000n;

/** The exact price of a call. Six decimals per million tokens make every token a whole number of pico-USD. */
export function costOf(usage: Usage, pricing: Pricing): PicoUsd {
  const uncached = BigInt(usage.inputTokens - usage.cachedInputTokens);
  return (
    uncached * perToken(pricing.inputPerMTokUsd) +
    BigInt(usage.cachedInputTokens) * perToken(pricing.cachedInputPerMTokUsd ?? pricing.inputPerMTokUsd) +
    BigInt(usage.outputTokens) * perToken(pricing.outputPerMTokUsd) +
    (pricing.perRequestUsd === null ? 0n : parseUsd(pricing.perRequestUsd))
  );
}

/** Throws a RangeError for a negative price or one with more than six decimals, which would not divide into whole pico-USD. */
export function perToken(usdPerMTok: string): PicoUsd {
  const pico = parseUsd(usdPerMTok);
  if (pico < 0n || pico % TOKENS_PER_MTOK !== 0n) {
    throw new RangeError(`"${usdPerMTok}" is not a price: zero or more, with at most six decimals`);
  }
  return pico / TOKENS_PER_MTOK;
}
