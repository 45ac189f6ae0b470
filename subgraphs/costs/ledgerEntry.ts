import { parseCedarEntity } from '../shared/cedar/cedarEntities.js';
import type { UsageEventData } from '../shared/events.js';
import { formatUsd, parseUsd, type PicoUsd } from '../shared/money.js';
import { costOf } from '../shared/pricing.js';

/** One row of the ledger: what was used, at which prices, and the exact cost. */
export interface LedgerEntry extends Omit<UsageEventData, 'pricing'> {
  readonly prices: UsageEventData['pricing'];
  readonly usd: PicoUsd;
  /** The budgets' scopes that it counts for, sorted. */
  readonly scopes: readonly string[];
}

const TOO_MUCH: PicoUsd = parseUsd('999999999999');

/**
 * Prices a report of usage. The cost is worked out here again from tokens and prices: nobody else's sum enters the ledger.
 * Throws a RangeError when the report cannot be right.
 */
export function toLedgerEntry({ pricing, ...usage }: UsageEventData): LedgerEntry {
  const { inputTokens, cachedInputTokens, outputTokens } = usage;
  if (![inputTokens, cachedInputTokens, outputTokens].every((tokens) => Number.isSafeInteger(tokens) && tokens >= 0)) {
    throw new RangeError('tokens are whole numbers, zero or more');
  }
  if (cachedInputTokens > inputTokens) throw new RangeError('cached input tokens are part of the input tokens');
  if (Number.isNaN(Date.parse(usage.at))) throw new RangeError(`"${usage.at}" is not a time`);
  const usd = costOf(usage, pricing);
  if (usd < 0n || usd > TOO_MUCH) throw new RangeError(`${formatUsd(usd)} USD is not a cost`);
  return { ...usage, prices: pricing, usd, scopes: scopesOf(usage) };
}

function scopesOf({ tenant, agentId, taskClass, customerId, principal }: Omit<UsageEventData, 'pricing'>): string[] {
  const caller = parseCedarEntity(principal);
  return [
    `tenant:${tenant}`,
    `agent:${agentId}`,
    `task-class:${taskClass}`,
    ...(customerId === null ? [] : [`customer:${customerId}`]),
    ...(caller?.type === 'User' ? [`user:${caller.id}`] : []),
  ].sort();
}
