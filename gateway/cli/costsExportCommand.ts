import { once } from 'node:events';
import { createMeshClient } from '../apply/meshClient.js';
import { exportCosts } from '../costs/exportCosts.js';
import { MeshError } from '../errors.js';

export interface CostsExportOptions {
  readonly from?: string;
  readonly to?: string;
  readonly format: string;
  readonly url: string;
  readonly token?: string;
}

/** `mesh costs export`: rows to standard output, the count to standard error. */
export async function costsExportCommand({ from, to, format, url, token }: CostsExportOptions): Promise<void> {
  if (format !== 'csv' && format !== 'json') throw new MeshError('BAD_USER_INPUT', `--format is csv or json, not "${format}".`);
  // Who reads only the first lines closes the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const { entries, rows } = await exportCosts({
    client: createMeshClient({ url, ...(token === undefined ? {} : { token }) }),
    from: readMoment('--from', from),
    to: readMoment('--to', to),
    format,
    write: async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    },
  });
  process.stderr.write(`${entries} entries of the ledger, ${rows} rows\n`);
}

const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

function readMoment(name: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  const moment = MOMENT.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(moment)) return new Date(moment).toISOString();
  throw new MeshError(
    'BAD_USER_INPUT',
    `${name} is a day or a moment, such as 2026-03-01 or 2026-03-01T12:00:00Z, not "${text}".`,
  );
}
