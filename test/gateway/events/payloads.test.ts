import { describe, expect, it } from 'vitest';
import { PAYLOADS } from '../../../gateway/events/payloads.js';
import { newEvent } from '../../../subgraphs/shared/newEvent.js';
import type { BudgetRecord } from '../../../subgraphs/shared/snapshot.js';

const budget = (limitUsd: string, spentUsd: string, reservedUsd: string) => {
  const record: BudgetRecord = {
    id: 'b',
    tenant: 'demo',
    scope: 'tenant:demo',
    limitUsd,
    period: 'DAY',
    hard: true,
    spentUsd,
    reservedUsd,
    resetsAt: null,
    version: 1,
  };
  return newEvent('budget.moved', 'b', { tenant: 'demo', record }, { subgraph: 'costs', nowMs: 0 });
};

describe('a budget event', () => {
  it.each<[string, string, string, string, number]>([
    ['5', '1', '0.25', 'WITHIN', 25],
    ['3', '1', '0', 'WITHIN', 33.3333],
    ['1', '0.5', '0.3', 'NEAR_LIMIT', 80],
    ['1', '0.9', '0.1', 'EXHAUSTED', 100],
    ['1', '2.5', '0', 'EXHAUSTED', 250],
    ['0', '0', '0', 'EXHAUSTED', 100],
    ['999999999999', '0.000000000001', '0', 'WITHIN', 0],
  ])('of a limit of %s with %s spent and %s held is %s', (limit, spent, held, kind, percentUsed) => {
    expect(PAYLOADS['BudgetEvent']!({ event: budget(limit, spent, held), cursor: 'c' })).toMatchObject({
      cursor: 'c',
      kind,
      percentUsed,
      budget: { __typename: 'Budget', id: 'b' },
    });
  });

  it('is no evaluation', () => {
    expect(PAYLOADS['EvaluationEvent']!({ event: budget('1', '0', '0'), cursor: 'c' })).toBeNull();
  });
});
