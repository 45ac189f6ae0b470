import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costsSubgraph } from '../../subgraphs/costs/server.js';
import { openPostgres } from '../../subgraphs/shared/database/openPostgres.js';
import type { UsageEventData } from '../../subgraphs/shared/events.js';
import { newEvent } from '../../subgraphs/shared/outbox.js';
import { createDatabase } from '../support/fiveProcesses.js';
import { ADMIN, openSubgraph } from '../support/openSubgraph.js';

/** PGlite has one session; only here do transactions really meet. */
describe('budgets on PostgreSQL', () => {
  let costs: Awaited<ReturnType<typeof openSubgraph>>;
  beforeAll(async () => {
    const { url } = await createDatabase();
    costs = await openSubgraph(costsSubgraph, () => openPostgres({ url }));
  });
  afterAll(() => costs.close());

  const setBudget = (id: string, scope: string, limitUsd: string) =>
    costs.ask(`mutation ($input: BudgetInput!) { budgetSet(input: $input) { userErrors { message } } }`, {
      input: { id, scope, limitUsd, period: 'TOTAL' },
    });
  const reserve = async (amountUsd: string, scopes: string[]) => {
    const request = { reservationId: randomUUID(), tenant: 'demo', scopes, amountUsd, expiresAt: costs.clock() + 60_000 };
    const { _reserve } = await costs.askInternally<{ _reserve: { ok: boolean } }>(
      `mutation ($request: JSON!) { _reserve(request: $request) }`,
      { request },
    );
    return _reserve.ok ? request.reservationId : undefined;
  };
  const budget = async (id: string) =>
    (
      await costs.ask<{ budget: { spentUsd: string; reservedUsd: string; remainingUsd: string } }>(
        `query ($id: ID!) { budget(id: $id) { spentUsd reservedUsd remainingUsd } }`,
        { id },
      )
    ).budget;

  it('belong to one tenant, even when two set the same new id at the same moment', async () => {
    for (let round = 0; round < 20; round++) {
      const input = (tenant: string) => ({ id: `race-${round}`, scope: `agent:${tenant}`, limitUsd: '1', period: 'TOTAL' });
      const answers = await Promise.all(
        ['demo', 'other'].map((tenant) =>
          costs.ask<{ budgetSet: { userErrors: { code: string }[] } }>(
            `mutation ($input: BudgetInput!) { budgetSet(input: $input) { userErrors { code } } }`,
            { input: input(tenant) },
            { ...ADMIN, tenant },
          ),
        ),
      );
      const codes = answers.flatMap(({ budgetSet }) => budgetSet.userErrors.map(({ code }) => code));
      expect(codes).toEqual(['ALREADY_EXISTS']);
    }
  });

  it('are not exceeded by reservations that are made at the same moment, in any order of scopes', async () => {
    await setBudget('b', 'tenant:demo', '1');
    await setBudget('a', 'task-class:rush', '0.5');
    const scopes = ['task-class:rush', 'tenant:demo'];
    const ids = await Promise.all(
      Array.from({ length: 40 }, (_, index) => reserve('0.03', index % 2 ? scopes : scopes.toReversed())),
    );
    const held = ids.filter((id) => id !== undefined);
    expect(held).toHaveLength(16);
    expect(await budget('a')).toEqual({ spentUsd: '0', reservedUsd: '0.48', remainingUsd: '0.02' });

    const usage = (reservationId: string): UsageEventData => ({
      tenant: 'demo',
      attemptId: randomUUID(),
      taskId: randomUUID(),
      taskClass: 'rush',
      agentId: 'a1',
      modelId: 'm1',
      customerId: null,
      principal: 'User::"ada"',
      inputTokens: 10_000,
      cachedInputTokens: 0,
      outputTokens: 0,
      pricing: { inputPerMTokUsd: '1', outputPerMTokUsd: '1', cachedInputPerMTokUsd: null, perRequestUsd: null, version: 1 },
      reservationId,
      at: new Date(costs.clock()).toISOString(),
    });
    const options = { subgraph: 'agents', nowMs: costs.clock() } as const;
    const events = held.flatMap((reservationId) => {
      const data = usage(reservationId);
      const over = { tenant: 'demo', reservationId, taskId: data.taskId };
      return [newEvent('usage.recorded', data.taskId, data, options), newEvent('usage.settled', data.taskId, over, options)];
    });
    // A budget that is set while the ledger grows counts every entry once, whichever comes first.
    await Promise.all([
      costs.eventLog.append('mesh.usage', events),
      ...Array.from({ length: 10 }, (_, index) => setBudget(`late-${index}`, 'agent:a1', '1')),
      ...Array.from({ length: 20 }, () => reserve('0.03', scopes)),
    ]);
    await costs.subgraph.settled();
    const { spentUsd } = await budget('a');
    expect(spentUsd).toBe('0.16');
    for (let index = 0; index < 10; index++) expect(await budget(`late-${index}`)).toMatchObject({ spentUsd: '0.16' });
    const { remainingUsd, reservedUsd } = await budget('a');
    expect(0.16 + Number(reservedUsd) + Number(remainingUsd)).toBeCloseTo(0.5, 12);
  });
});
