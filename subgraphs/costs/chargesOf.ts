import { formatUsd, parseUsd } from '../shared/money.js';
import { perToken, type Pricing, type Usage } from '../shared/pricing.js';

export interface LedgerCharge {
  readonly kind: 'INPUT' | 'CACHED_INPUT' | 'OUTPUT' | 'REQUEST';
  readonly quantity: number;
  /** For a million tokens, or for one request. */
  readonly unitPriceUsd: string;
  readonly usd: string;
}

const MAX_INT = 2_147_483_647;

/** What an entry is made of, by kind; kinds that were not used are left out. The sum is `costOf` of the same, exactly. */
export function chargesOf(usage: Usage, pricing: Pricing): LedgerCharge[] {
  const tokens = (kind: LedgerCharge['kind'], quantity: number, price: string): LedgerCharge[] =>
    quantity === 0
      ? []
      : [
          {
            kind,
            quantity: Math.min(quantity, MAX_INT),
            unitPriceUsd: formatUsd(parseUsd(price)),
            usd: formatUsd(BigInt(quantity) * perToken(price)),
          },
        ];
  const request = pricing.perRequestUsd === null ? null : formatUsd(parseUsd(pricing.perRequestUsd));
  return [
    ...tokens('INPUT', usage.inputTokens - usage.cachedInputTokens, pricing.inputPerMTokUsd),
    ...tokens('CACHED_INPUT', usage.cachedInputTokens, pricing.cachedInputPerMTokUsd ?? pricing.inputPerMTokUsd),
    ...tokens('OUTPUT', usage.outputTokens, pricing.outputPerMTokUsd),
    ...(request === null ? [] : [{ kind: 'REQUEST' as const, quantity: 1, unitPriceUsd: request, usd: request }]),
  ];
}
