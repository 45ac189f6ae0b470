import { parse as parseYaml } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { MeshClient } from '../../../gateway/apply/meshClient.js';
import { exportCosts } from '../../../gateway/costs/exportCosts.js';
import type { ExportedEntry } from '../../../gateway/costs/focusRows.js';
import { formatUsd, parseUsd } from '../../../subgraphs/shared/money.js';

const entry = (more: Partial<ExportedEntry> = {}): ExportedEntry => ({
  id: 'attempt-1',
  at: '2026-12-31T23:59:59.123Z',
  tenant: 'acme',
  taskClass: 'docs.question',
  customerId: null,
  priceVersion: 3,
  task: { id: 'task-1' },
  agent: { id: 'a1', name: 'Librarian' },
  model: { id: 'p/m', name: 'Model', provider: 'p' },
  charges: [
    { kind: 'INPUT', quantity: 1_234, unitPriceUsd: '0.15', usd: '0.0001851' },
    { kind: 'CACHED_INPUT', quantity: 1, unitPriceUsd: '0.000001', usd: '0.000000000001' },
    { kind: 'OUTPUT', quantity: 20, unitPriceUsd: '0.6', usd: '0.000012' },
    { kind: 'REQUEST', quantity: 1, unitPriceUsd: '0.01', usd: '0.01' },
  ],
  ...more,
});

/** A gateway that has these pages. */
function pagesOf(...pages: ExportedEntry[][]): { client: MeshClient; asked: unknown[] } {
  const asked: unknown[] = [];
  const client = (async (_query: string, variables: Record<string, unknown>) => {
    asked.push(variables);
    const page = variables['after'] === null ? 0 : Number(variables['after']);
    return {
      ledger: {
        nodes: pages[page],
        pageInfo: { hasNextPage: page + 1 < pages.length, endCursor: String(page + 1) },
      },
    };
  }) as MeshClient;
  return { client, asked };
}

async function exported(client: MeshClient, format: 'csv' | 'json') {
  let text = '';
  const options = { client, format, from: '2026-01-01T00:00:00.000Z', to: null };
  const counts = await exportCosts({ ...options, write: async (part) => void (text += part) });
  return { text, counts };
}

/** Reads CSV as RFC 4180 has it. */
function readCsv(text: string): Record<string, string>[] {
  const records: string[][] = [[]];
  const fields = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = fields.exec(text); match; match = fields.exec(text)) {
    records.at(-1)!.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
    if (match[3] === '\r\n') records.push([]);
  }
  expect(records.pop()).toEqual([]);
  const [header, ...rows] = records;
  return rows.map((row) => {
    expect(row).toHaveLength(header!.length);
    return Object.fromEntries(header!.map((name, index) => [name, row[index]!]));
  });
}

describe('the export of costs', () => {
  it('has a row of FOCUS for each kind of what was used, whose sum is the cost exactly', async () => {
    const { text, counts } = await exported(pagesOf([entry()]).client, 'csv');
    const rows = readCsv(text);
    expect(counts).toEqual({ entries: 1, rows: 4 });
    expect(rows[0]).toMatchObject({
      BilledCost: '0.0001851',
      BillingAccountId: 'acme',
      BillingCurrency: 'USD',
      BillingPeriodStart: '2026-12-01T00:00:00Z',
      BillingPeriodEnd: '2027-01-01T00:00:00Z',
      ChargeCategory: 'Usage',
      ChargePeriodStart: '2026-12-31T23:59:59Z',
      ChargePeriodEnd: '2027-01-01T00:00:00Z',
      ConsumedQuantity: '1234',
      ConsumedUnit: 'Tokens',
      PricingQuantity: '0.001234',
      PricingUnit: '1000000 Tokens',
      ProviderName: 'p',
      ServiceCategory: 'AI and Machine Learning',
      ServiceName: 'Model',
      SkuId: 'p/m/input',
      SkuPriceId: 'p/m/input@3',
      ResourceId: 'a1',
      Tags: '{"task-class":"docs.question"}',
      x_TaskId: 'task-1',
      SubAccountId: '',
    });
    for (const column of ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'])
      expect(formatUsd(rows.reduce((sum, row) => sum + parseUsd(row[column]!), 0n))).toBe('0.010197100001');
    for (const row of rows.slice(0, 3))
      expect((parseUsd(row['PricingQuantity']!) * parseUsd(row['ListUnitPrice']!)) / 1_000_000_000_000n).toBe(
        parseUsd(row['ListCost']!),
      );
    expect(rows[3]).toMatchObject({
      ConsumedUnit: 'Requests',
      PricingUnit: 'Requests',
      PricingQuantity: '1',
      SkuMeter: 'Requests',
    });
  });

  it('quotes what would break a line', async () => {
    const nasty = { id: 'a', name: 'Says "hello", then\r\nleaves ' };
    const { text } = await exported(pagesOf([entry({ agent: nasty, customerId: 'c,1' })]).client, 'csv');
    expect(readCsv(text)[0]).toMatchObject({ ResourceName: nasty.name, SubAccountId: 'c,1' });
  });

  it('writes JSON with every digit', async () => {
    const { text } = await exported(pagesOf([entry()], [entry({ customerId: 'c1' })]).client, 'json');
    const rows = JSON.parse(text) as Record<string, unknown>[];
    expect(rows).toHaveLength(8);
    expect(rows[0]).toMatchObject({ BilledCost: 0.0001851, ChargeClass: null, ConsumedQuantity: 1234 });
    expect(text).toContain('"BilledCost":0.000000000001,');
    expect(parseYaml(text)).toHaveLength(8);
  });

  it('asks page by page, the next when the last is written', async () => {
    const { client, asked } = pagesOf([entry()], [entry({ charges: [] })], [entry()]);
    const { counts, text } = await exported(client, 'csv');
    expect(asked).toMatchObject([{ after: null, from: '2026-01-01T00:00:00.000Z' }, { after: '1' }, { after: '2' }]);
    expect(counts).toEqual({ entries: 3, rows: 8 });
    expect(readCsv(text)).toHaveLength(8);
  });

  it('of nothing is a header, or an empty list', async () => {
    expect(readCsv((await exported(pagesOf([]).client, 'csv')).text)).toEqual([]);
    expect(JSON.parse((await exported(pagesOf([]).client, 'json')).text)).toEqual([]);
  });

  it('writes nothing when the gateway refuses', async () => {
    const parts: string[] = [];
    const client = (() => Promise.reject(new Error('FORBIDDEN'))) as MeshClient;
    const options = { client, format: 'csv', from: null, to: null } as const;
    await expect(exportCosts({ ...options, write: async (part) => void parts.push(part) })).rejects.toThrow('FORBIDDEN');
    expect(parts).toEqual([]);
  });
});
