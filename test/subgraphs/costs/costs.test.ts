import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costsSubgraph } from '../../../subgraphs/costs/server.js';
import { sweep } from '../../../subgraphs/costs/sweep.js';
import type { UsageEventData } from '../../../subgraphs/shared/events.js';
import { formatUsd, parseUsd } from '../../../subgraphs/shared/money.js';
import { newEvent } from '../../../subgraphs/shared/outbox.js';
import { costOf } from '../../../subgraphs/shared/pricing.js';
import type { BudgetRecord } from '../../../subgraphs/shared/snapshot.js';
import { ADMIN, openSubgraph } from '../../support/openSubgraph.js';

const PRICING = {
  inputPerMTokUsd: '0.5',
  outputPerMTokUsd: '1.5',
  cachedInputPerMTokUsd: '0.05',
  perRequestUsd: null,
  version: 3,
};

describe('the costs subgraph', () => {
  let costs: Awaited<ReturnType<typeof openSubgraph>>;
  beforeAll(async () => {
    costs = await openSubgraph(costsSubgraph);
  });
  afterAll(() => costs.close());

  const usage = (more: Partial<UsageEventData> = {}): UsageEventData => ({
    tenant: 'demo',
    attemptId: randomUUID(),
    taskId: randomUUID(),
    taskClass: 'docs.question',
    agentId: 'librarian',
    modelId: 'm1',
    customerId: null,
    principal: 'User::"ada"',
    inputTokens: 1_000,
    cachedInputTokens: 200,
    outputTokens: 300,
    pricing: PRICING,
    reservationId: null,
    at: new Date(costs.clock()).toISOString(),
    ...more,
  });
  const report = async (...reports: UsageEventData[]): Promise<void> => {
    const options = { subgraph: 'agents', nowMs: costs.clock() } as const;
    await costs.eventLog.append(
      'mesh.usage',
      reports.map((data) => newEvent('usage.recorded', data.taskId, data, options)),
    );
    await costs.subgraph.settled();
  };
  const settle = async (reservationId: string): Promise<void> => {
    const data = { tenant: 'demo', reservationId, taskId: 't' };
    await costs.eventLog.append('mesh.usage', [
      newEvent('usage.settled', 't', data, { subgraph: 'agents', nowMs: costs.clock() }),
    ]);
    await costs.subgraph.settled();
  };
  const setBudget = (input: object) =>
    costs.ask<{
      budgetSet: { budget: { id: string; remainingUsd: string } | null; userErrors: { code: string; path: string[] }[] };
    }>(`mutation ($input: BudgetInput!) { budgetSet(input: $input) { budget { id remainingUsd } userErrors { code path } } }`, {
      input,
    });
  const budget = async (id: string) =>
    (
      await costs.ask<{ budget: { spentUsd: string; reservedUsd: string; remainingUsd: string; resetsAt: string | null } }>(
        `query ($id: ID!) { budget(id: $id) { spentUsd reservedUsd remainingUsd resetsAt } }`,
        { id },
      )
    ).budget;
  const reserve = (request: object) =>
    costs.askInternally<{ _reserve: { ok: boolean; budgetId?: string; remainingUsd?: string } }>(
      `mutation ($request: JSON!) { _reserve(request: $request) }`,
      { request },
    );

  it('writes each attempt to the ledger once, at tokens times price, however often it is reported', async () => {
    const one = usage({ agentId: 'once' });
    await report(one, one);
    await report(one);
    const exact = formatUsd(costOf(one, PRICING));
    expect(exact).toBe('0.00086');
    const data = await costs.ask(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) {
         ... on Agent { spend { usd requests inputTokens outputTokens } } ... on Task { cost { usd inputTokens cachedInputTokens outputTokens priceVersion } } } }`,
      {
        representations: [
          { __typename: 'Agent', id: 'once' },
          { __typename: 'Task', id: one.taskId },
        ],
      },
    );
    expect(data).toEqual({
      _entities: [
        { spend: { usd: exact, requests: 1, inputTokens: 1_000, outputTokens: 300 } },
        { cost: { usd: exact, inputTokens: 1_000, cachedInputTokens: 200, outputTokens: 300, priceVersion: 3 } },
      ],
    });
  });

  it('holds a reservation for longer once the task that it is for was stored', async () => {
    await setBudget({ id: 'held', scope: 'task-class:held', limitUsd: '1', period: 'TOTAL' });
    const hold = (reservationId: string) =>
      reserve({
        reservationId,
        tenant: 'demo',
        scopes: ['task-class:held'],
        amountUsd: '0.25',
        expiresAt: costs.clock() + 60_000,
      });
    await hold('wanted');
    await hold('left');
    const until = new Date(costs.clock() + 120_000).toISOString();
    const told = { tenant: 'demo', reservationId: 'wanted', taskId: 't', until };
    await costs.eventLog.append('mesh.usage', [
      newEvent('usage.reserved', 't', told, { subgraph: 'agents', nowMs: costs.clock() }),
    ]);
    await costs.subgraph.settled();
    expect(await budget('held')).toMatchObject({ reservedUsd: '0.5' });
    costs.advance(61_000);
    expect(await budget('held')).toMatchObject({ reservedUsd: '0.25' });
    costs.advance(60_000);
    expect(await budget('held')).toMatchObject({ reservedUsd: '0' });
  });

  it('shows the ledger page by page, each entry once, with charges that add up to its cost exactly', async () => {
    const price = fc.integer({ min: 0, max: 10_000_000 }).map((micro) => (micro / 1_000_000).toFixed(6));
    const tokens = fc.integer({ min: 0, max: 5_000_000 });
    const reports = fc.sample(
      fc.record({
        input: tokens,
        cached: tokens,
        output: tokens,
        in: price,
        out: price,
        hit: fc.option(price),
        each: fc.option(price),
      }),
      23,
    );
    const tenant = `t-${randomUUID()}`;
    const wanted = reports.map((each, index) =>
      usage({
        tenant,
        attemptId: `ledger-${tenant}-${index}`,
        inputTokens: Math.max(each.input, each.cached),
        cachedInputTokens: Math.min(each.input, each.cached),
        outputTokens: each.output,
        pricing: {
          inputPerMTokUsd: each.in,
          outputPerMTokUsd: each.out,
          cachedInputPerMTokUsd: each.hit,
          perRequestUsd: each.each,
          version: index + 1,
        },
        // Several at the same moment: only the id tells them apart.
        at: new Date(costs.clock() - (index % 5) * 1_000).toISOString(),
      }),
    );
    await report(...wanted);
    type Entry = {
      id: string;
      at: string;
      usd: string;
      priceVersion: number;
      charges: { kind: string; quantity: number; usd: string }[];
    };
    type Page = { ledger: { nodes: Entry[]; pageInfo: { hasNextPage: boolean; endCursor: string }; totalCount: number } };
    const caller = { ...ADMIN, tenant };
    const seen: Entry[] = [];
    for (let after: string | null = null, more = true; more;) {
      const { ledger }: Page = await costs.ask<Page>(
        `query ($after: String) { ledger(first: 4, after: $after) { totalCount pageInfo { hasNextPage endCursor }
           nodes { id at usd priceVersion charges { kind quantity unitPriceUsd usd } } } }`,
        { after },
        caller,
      );
      expect(ledger.totalCount).toBe(23);
      seen.push(...ledger.nodes);
      ({ hasNextPage: more, endCursor: after } = ledger.pageInfo);
    }
    expect(seen.map(({ id }) => id).toSorted()).toEqual(wanted.map(({ attemptId }) => attemptId).toSorted());
    expect(seen.map(({ at }) => at)).toEqual(
      seen
        .map(({ at }) => at)
        .toSorted()
        .reverse(),
    );
    for (const { id, usd, charges } of seen) {
      const reported = wanted.find(({ attemptId }) => attemptId === id)!;
      expect(formatUsd(charges.reduce((sum, charge) => sum + parseUsd(charge.usd), 0n))).toBe(usd);
      expect(parseUsd(usd)).toBe(costOf(reported, reported.pricing));
    }
    const range = await costs.ask<Page>(
      `query ($from: DateTime, $to: DateTime) { ledger(from: $from, to: $to) { totalCount nodes { id } } }`,
      { from: new Date(costs.clock() - 2_000).toISOString(), to: new Date(costs.clock()).toISOString() },
      caller,
    );
    expect(range.ledger.totalCount).toBe(wanted.filter((_, index) => [1, 2].includes(index % 5)).length);
    const other = await costs.ask<Page>(`{ ledger { totalCount } }`, {}, { ...ADMIN, tenant: 'nobody' });
    expect(other.ledger.totalCount).toBe(0);
    await expect(costs.ask(`{ ledger(after: "x") { totalCount } }`)).rejects.toThrow('BAD_CURSOR');
  });

  it('leaves out a report that cannot be right, and takes the next', async () => {
    const good = usage({ agentId: 'after-poison' });
    await report(usage({ agentId: 'poison', cachedInputTokens: 5_000 }), good);
    const rows = (await costs.ask<{ spend: { key: string }[] }>(`{ spend(groupBy: AGENT) { key usd requests } }`)).spend;
    expect(rows.map(({ key }) => key)).toContain('after-poison');
    expect(rows.map(({ key }) => key)).not.toContain('poison');
  });

  it('refuses a budget that makes no sense, with every reason', async () => {
    const { budgetSet } = await setBudget({ id: '', scope: 'nowhere', limitUsd: '-1', period: 'DAY' });
    expect(budgetSet.budget).toBeNull();
    expect(budgetSet.userErrors.map(({ path }) => path.join('.'))).toEqual(['input.id', 'input.scope', 'input.limitUsd']);
    const foreign = await setBudget({ id: 'f', scope: 'tenant:other', limitUsd: '1', period: 'DAY' });
    expect(foreign.budgetSet.userErrors).toEqual([{ code: 'FORBIDDEN', path: ['input', 'scope'] }]);
  });

  it('counts what was spent before the budget was set, and begins anew with the period', async () => {
    await report(usage({ taskClass: 'periodic' }));
    await setBudget({ id: 'periodic', scope: 'task-class:periodic', limitUsd: '1', period: 'HOUR' });
    expect(await budget('periodic')).toEqual({
      spentUsd: '0.00086',
      reservedUsd: '0',
      remainingUsd: '0.99914',
      resetsAt: '2026-03-01T13:00:00.000Z',
    });
    costs.advance(3_600_000);
    expect(await budget('periodic')).toMatchObject({ spentUsd: '0', resetsAt: '2026-03-01T14:00:00.000Z' });
  });

  it('holds a reservation against a hard budget until it is settled, and counts nothing twice', async () => {
    await setBudget({ id: 'hard', scope: 'task-class:hard', limitUsd: '0.01', period: 'TOTAL' });
    const request = (reservationId: string, amountUsd: string) => ({
      reservationId,
      tenant: 'demo',
      scopes: ['tenant:demo', 'task-class:hard'],
      amountUsd,
      expiresAt: costs.clock() + 60_000,
    });
    expect(await reserve(request('r1', '0.006'))).toMatchObject({ _reserve: { ok: true } });
    expect(await reserve(request('r1', '0.006'))).toMatchObject({ _reserve: { ok: true } });
    expect(await reserve(request('r2', '0.006'))).toEqual({ _reserve: { ok: false, budgetId: 'hard', remainingUsd: '0.004' } });
    await report(usage({ taskClass: 'hard', reservationId: 'r1' }));
    expect(await budget('hard')).toMatchObject({ spentUsd: '0.00086', reservedUsd: '0.00514', remainingUsd: '0.004' });
    await settle('r1');
    expect(await budget('hard')).toMatchObject({ spentUsd: '0.00086', reservedUsd: '0', remainingUsd: '0.00914' });
  });

  it('frees a reservation that nobody settles when it expires', async () => {
    await setBudget({ id: 'forgotten', scope: 'task-class:forgotten', limitUsd: '1', period: 'TOTAL' });
    await reserve({
      reservationId: 'lost',
      tenant: 'demo',
      scopes: ['task-class:forgotten'],
      amountUsd: '1',
      expiresAt: costs.clock() + 1_000,
    });
    expect(await budget('forgotten')).toMatchObject({ remainingUsd: '0' });
    costs.advance(2_000);
    expect(await budget('forgotten')).toMatchObject({ remainingUsd: '1', reservedUsd: '0' });
  });

  it('tells readers when money moves, and when time alone moves it', async () => {
    const scope = 'customer:told';
    await setBudget({ id: 'told', scope, limitUsd: '1', period: 'HOUR' });
    const expiresAt = costs.clock() + 1_000;
    await reserve({ reservationId: 'told-1', tenant: 'demo', scopes: [scope], amountUsd: '0.5', expiresAt });
    await report(usage({ customerId: 'told', reservationId: 'told-1' }));
    costs.advance(2_000);
    expect(await sweep(costs.database, costs.clock())).toBeGreaterThan(0);
    costs.advance(3_600_000);
    while ((await sweep(costs.database, costs.clock())) > 0);
    await costs.subgraph.settled();
    const { rows } = await costs.database.query<{ type: string; record: BudgetRecord }>(
      `select event ->> 'type' as type, event -> 'data' -> 'record' as record from events.log
       where event ->> 'subject' = 'told' order by topic, position`,
    );
    expect(rows.map(({ type, record }) => [type, record.version, record.spentUsd, record.reservedUsd])).toEqual([
      ['budget.moved', 2, '0', '0.5'],
      ['budget.moved', 3, '0.00086', '0.49914'],
      ['budget.moved', 4, '0.00086', '0'],
      ['budget.moved', 5, '0', '0'],
      ['budget.changed', 1, '0', '0'],
    ]);
  });

  it('changes nothing and tells nobody when a budget is set as it is, or an event is repeated', async () => {
    await setBudget({ id: 'still', scope: 'user:still', limitUsd: '1.50', period: 'MONTH' });
    const spent = usage({ principal: 'User::"still"', reservationId: 'still-1' });
    await report(spent);
    await settle('still-1');
    const log = `select count(*)::int as count from events.log where event ->> 'subject' = 'still'`;
    const before = (await costs.database.query<{ count: number }>(log)).rows;
    expect(before).toEqual([{ count: 2 }]);
    await setBudget({ id: 'still', scope: 'user:still', limitUsd: '1.5', period: 'MONTH' });
    await report(spent);
    await settle('still-1');
    expect((await costs.database.query<{ count: number }>(log)).rows).toEqual(before);
    expect(await budget('still')).toMatchObject({ spentUsd: '0.00086', remainingUsd: '1.49914' });
  });

  it('counts soft budgets and never refuses for them', async () => {
    await setBudget({ id: 'soft', scope: 'agent:soft', limitUsd: '0.001', period: 'TOTAL', hard: false });
    const expiresAt = costs.clock() + 1_000;
    expect(await reserve({ reservationId: 's1', tenant: 'demo', scopes: ['agent:soft'], amountUsd: '5', expiresAt })).toEqual({
      _reserve: { ok: true, budgetIds: ['soft'] },
    });
    expect(await budget('soft')).toEqual({ spentUsd: '0', reservedUsd: '5', remainingUsd: '0', resetsAt: null });
  });

  it('refuses a reservation that cannot be read, and one id for two amounts', async () => {
    const expiresAt = costs.clock() + 1_000;
    const good = { reservationId: 'twice', tenant: 'demo', scopes: ['agent:soft'], amountUsd: '0.1', expiresAt };
    await expect(reserve({ ...good, amountUsd: '-1' })).rejects.toThrow(
      'BAD_USER_INPUT: The reservation cannot be read: amountUsd',
    );
    await expect(reserve({ ...good, scopes: ['planet:earth'] })).rejects.toThrow('scopes.0');
    await reserve(good);
    await expect(reserve({ ...good, amountUsd: '0.2' })).rejects.toThrow('IDEMPOTENCY_CONFLICT');
  });

  it('sums the ledger by group within a range of time', async () => {
    const at = (time: string): string => `2025-12-${time}:00Z`;
    const about = { tenant: 'summed', inputTokens: 1_000_000, cachedInputTokens: 0, outputTokens: 0 };
    await report(
      usage({ ...about, agentId: 'a', customerId: 'c1', at: at('30T23:59') }),
      usage({ ...about, agentId: 'b', customerId: null, at: at('31T00:00') }),
      usage({ ...about, agentId: 'b', customerId: null, at: at('31T23:59') }),
    );
    const summed = { ...ADMIN, tenant: 'summed' };
    const range = `from: "2025-12-30T23:59:00Z", to: "2025-12-31T23:59:00Z"`;
    expect(
      await costs.ask(
        `{ day: spend(groupBy: DAY) { key usd requests } agent: spend(groupBy: AGENT) { key usd } customer: spend(groupBy: CUSTOMER) { key }
           ranged: spend(groupBy: AGENT, ${range}) { key usd } tenant: spend(groupBy: TENANT) { key usd } }`,
        {},
        summed,
      ),
    ).toEqual({
      day: [
        { key: '2025-12-31', usd: '1', requests: 2 },
        { key: '2025-12-30', usd: '0.5', requests: 1 },
      ],
      agent: [
        { key: 'b', usd: '1' },
        { key: 'a', usd: '0.5' },
      ],
      customer: [{ key: 'c1' }],
      ranged: [
        { key: 'a', usd: '0.5' },
        { key: 'b', usd: '0.5' },
      ],
      tenant: [{ key: 'summed', usd: '1.5' }],
    });
  });

  it('answers the spend of many agents with one statement for each range of time', async () => {
    const statements: string[] = [];
    const query = costs.database.query.bind(costs.database);
    costs.database.query = (text, values) => {
      if (text.includes('ledger_entry')) statements.push(text);
      return query(text, values);
    };
    try {
      await costs.ask(
        `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Agent { spend { usd } late: spend(from: "2030-01-01T00:00:00Z") { usd } } } }`,
        { r: Array.from({ length: 30 }, (_, index) => ({ __typename: 'Agent', id: `a${index}` })) },
      );
    } finally {
      costs.database.query = query;
    }
    expect(statements).toHaveLength(2);
  });

  it('keeps its inner workings from everybody but the gateway, and other tenants apart', async () => {
    await expect(costs.ask(`{ _snapshot }`)).rejects.toThrow('FORBIDDEN');
    await expect(costs.ask(`mutation { _release(reservationId: "r1") }`)).rejects.toThrow('FORBIDDEN');
    const stranger = { ...ADMIN, tenant: 'other' };
    expect(
      await costs.ask(`{ budget(id: "hard") { id } budgets { totalCount } spend(groupBy: AGENT) { key } }`, {}, stranger),
    ).toEqual({
      budget: null,
      budgets: { totalCount: 0 },
      spend: [],
    });
    const { _snapshot } = await costs.askInternally<{ _snapshot: { budgets: { id: string }[]; next: null } }>(`{ _snapshot }`);
    expect(_snapshot.budgets.map(({ id }) => id)).toEqual(['forgotten', 'hard', 'held', 'periodic', 'soft', 'still', 'told']);
  });

  it('never lets a hard budget be exceeded, whatever is reserved, spent, settled or left to expire in whatever order', async () => {
    let run = 0;
    const step = fc.record({
      client: fc.nat(3),
      action: fc.constantFrom('reserve', 'spend', 'settle', 'expire', 'sweep'),
      milli: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const scope = `task-class:random-${run++}`;
        const id = `budget-${scope}`;
        await setBudget({ id, scope, limitUsd: '0.01', period: 'TOTAL' });
        const open = new Map<number, { reservationId: string; left: number }>();
        let spent = 0n;
        for (const { client, action, milli } of steps) {
          const held = open.get(client);
          if (action === 'reserve' && !held) {
            const reservationId = randomUUID();
            const request = {
              reservationId,
              tenant: 'demo',
              scopes: [scope],
              amountUsd: `0.00${milli}`,
              expiresAt: costs.clock() + 60_000,
            };
            if ((await reserve(request))._reserve.ok) open.set(client, { reservationId, left: milli });
          } else if (action === 'spend' && held && held.left > 0) {
            const used = Math.min(milli, held.left);
            held.left -= used;
            const perRequest = { ...PRICING, perRequestUsd: `0.00${used}` };
            const data = usage({
              taskClass: scope.slice('task-class:'.length),
              reservationId: held.reservationId,
              inputTokens: 0,
              cachedInputTokens: 0,
              outputTokens: 0,
              pricing: perRequest,
            });
            spent += costOf(data, perRequest);
            await report(data);
          } else if (action === 'settle' && held) {
            open.delete(client);
            await settle(held.reservationId);
          } else if (action === 'expire') {
            costs.advance(60_001);
            open.clear();
          } else if (action === 'sweep') {
            await sweep(costs.database, costs.clock());
          }
          const now = await budget(id);
          expect(parseUsd(now.spentUsd)).toBe(spent);
          expect(parseUsd(now.spentUsd) + parseUsd(now.reservedUsd)).toBeLessThanOrEqual(parseUsd('0.01'));
        }
        for (const { reservationId } of open.values()) await settle(reservationId);
        expect(await budget(id)).toMatchObject({ reservedUsd: '0', spentUsd: formatUsd(spent) });
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
