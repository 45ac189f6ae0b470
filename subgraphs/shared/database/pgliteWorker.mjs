// @ts-check
// Runs PGlite outside the main thread: in it, one statement over 200,000 rows stood in the way of everything else for 287 ms.
// Plain JavaScript, because a worker is loaded by path and must run from the sources and from dist/ alike.
import { PGlite } from '@electric-sql/pglite';
import { parentPort, workerData } from 'node:worker_threads';

/** @typedef {{ id: number, kind: 'query' | 'script' | 'close', text: string, values?: unknown[] }} Request */

const INT8 = 20;
const NUMERIC = 1700;
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const parsers = { [INT8]: BigInt, [NUMERIC]: String };

try {
  const database = await PGlite.create({ dataDir: workerData.dataDir ?? 'memory://', parsers });
  port.postMessage({ id: 0 });
  port.on('message', (request) => void answer(database, request));
} catch (error) {
  port.postMessage({ id: 0, error: described(error) });
}

/** @param {PGlite} database @param {Request} request */
async function answer(database, { id, kind, text, values }) {
  try {
    if (kind === 'close') {
      await database.close();
      port.postMessage({ id });
      port.close();
    } else if (kind === 'script') {
      await database.exec(text);
      port.postMessage({ id });
    } else {
      const { rows, affectedRows, rowCount } = /** @type {import('@electric-sql/pglite').Results & { rowCount?: number }} */ (
        await database.query(text, values, { parsers })
      );
      port.postMessage({ id, rows, rowCount: rowCount || affectedRows || rows.length });
    }
  } catch (error) {
    port.postMessage({ id, error: described(error) });
  }
}

/** @param {any} error */
function described(error) {
  return { message: String(error?.message ?? error), code: error?.code, detail: error?.detail, constraint: error?.constraint };
}
