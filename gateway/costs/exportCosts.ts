import type { MeshClient } from '../apply/meshClient.js';
import { focusRows, type ExportedEntry } from './focusRows.js';
import { FORMATS } from './formatRows.js';

export interface ExportOptions {
  readonly client: MeshClient;
  /** From inclusive, to exclusive, RFC 3339. Null: open. */
  readonly from: string | null;
  readonly to: string | null;
  readonly format: 'csv' | 'json';
  /** Resolves when more may be written: a slow reader holds back the next page. */
  readonly write: (text: string) => Promise<void>;
}

interface Ledger {
  readonly ledger: {
    readonly nodes: readonly ExportedEntry[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const QUERY = `query Export($after: String, $from: DateTime, $to: DateTime) {
  ledger(first: 100, after: $after, from: $from, to: $to) {
    nodes { id at tenant taskClass customerId priceVersion task { id } agent { id name } model { id name provider }
      charges { kind quantity unitPriceUsd usd } }
    pageInfo { hasNextPage endCursor } } }`;

/**
 * Writes the ledger through the public API as rows of FOCUS, newest first, a page at a time. Resolves to how many entries and rows were
 * written. Rejects with the gateway's code; what was written before stays written.
 */
export async function exportCosts({
  client,
  from,
  to,
  format,
  write,
}: ExportOptions): Promise<{ entries: number; rows: number }> {
  const { begin, between, end, row } = FORMATS[format];
  const written = { entries: 0, rows: 0 };
  for (let after: string | null = null, more = true; more;) {
    const { ledger }: Ledger = await client<Ledger>(QUERY, { after, from, to });
    // The first page has come before anything is written: what is refused leaves no half of a file.
    if (after === null) await write(begin);
    for (const entry of ledger.nodes) {
      const texts = focusRows(entry).map(row);
      if (texts.length > 0) await write(`${written.rows === 0 ? '' : between}${texts.join(between)}`);
      written.entries++;
      written.rows += texts.length;
    }
    ({ hasNextPage: more, endCursor: after } = ledger.pageInfo);
  }
  await write(written.rows === 0 && format === 'csv' ? '' : end);
  return written;
}
