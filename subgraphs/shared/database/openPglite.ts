import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MeshError } from '../errors.js';
import type { Database, QueryResult, Queryable } from './Database.js';
import { lockDataDir } from './dataDirLock.js';
import { createMutex } from './mutex.js';
import { withTransactionTimeout } from './transactionTimeout.js';

interface Reply {
  readonly id: number;
  readonly rows?: unknown[];
  readonly rowCount?: number;
  readonly error?: { message: string; code?: string; detail?: string; constraint?: string };
}

interface Pending {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/**
 * The embedded database: PGlite in a worker thread. `dataDir` null keeps it in memory. PGlite is one session, so statements outside a
 * transaction wait until it ends (in order; over 10,000 waiting: TOO_BUSY). NOTIFY stays inside this process, its only user.
 * Throws DATA_DIR_IN_USE, DATA_DIR_UNUSABLE.
 */
export async function openPglite({ dataDir }: { dataDir: string | null }): Promise<Database> {
  const unlock = dataDir === null ? () => undefined : lockDataDir(dataDir);
  const session = await openSession(dataDir).catch((cause: unknown) => {
    unlock();
    if (dataDir === null) throw cause;
    throw new MeshError(
      'DATA_DIR_UNUSABLE',
      `The database in ${dataDir} does not open: ${(cause as Error).message}. Restore it, or set MESH_DATA_DIR.`,
      {
        cause,
      },
    );
  });
  const mutex = createMutex();
  const channels = new EventEmitter().setMaxListeners(0);
  const locks = new Set<string>();

  const inside = (isOpen: () => boolean, notifications: string[]): Queryable => {
    const send = (kind: 'query' | 'script', text: string, values?: readonly unknown[]): Promise<Reply> => {
      if (!isOpen()) throw new Error('the transaction is over');
      return session.send(kind, text, values);
    };
    const handle: Queryable = {
      query: async <Row>(text: string, values?: readonly unknown[]) => toResult<Row>(await send('query', text, values)),
      script: async (text) => void (await send('script', text)),
    };
    pendingNotifications.set(handle, notifications);
    return handle;
  };
  const pendingNotifications = new WeakMap<Queryable, string[]>();

  return {
    kind: 'pglite',
    query: <Row>(text: string, values?: readonly unknown[]) =>
      mutex.run(async () => toResult<Row>(await session.send('query', text, values))),
    script: (text) => mutex.run(async () => void (await session.send('script', text))),
    transaction: (work) =>
      mutex.run(async () => {
        const notifications: string[] = [];
        let open = true;
        await session.send('query', 'begin');
        try {
          const result = await withTransactionTimeout(work(inside(() => open, notifications)));
          open = false;
          await session.send('query', 'commit');
          for (const channel of notifications) channels.emit(channel);
          return result;
        } catch (error) {
          open = false;
          await session.send('query', 'rollback');
          throw error;
        }
      }),
    withTryLock: async (name, work) => {
      if (locks.has(name)) return undefined;
      locks.add(name);
      try {
        return await work();
      } finally {
        locks.delete(name);
      }
    },
    listen: async (channel, onNotify) => {
      channels.on(channel, onNotify);
      return { stop: async () => void channels.off(channel, onNotify) };
    },
    notify: async (channel, tx) => {
      if (tx) pendingNotifications.get(tx)?.push(channel);
      else channels.emit(channel);
    },
    close: async () => {
      await mutex.close();
      await session.close();
      unlock();
    },
  };
}

interface Session {
  send(kind: 'query' | 'script', text: string, values?: readonly unknown[]): Promise<Reply>;
  close(): Promise<void>;
}

async function openSession(dataDir: string | null): Promise<Session> {
  const worker = new Worker(new URL('./pgliteWorker.mjs', import.meta.url), {
    workerData: { dataDir: dataDir === null ? null : join(dataDir, 'postgres') },
  });
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  };
  worker.on('error', end);
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      end(new Error(`the database worker ended with code ${code}`));
      resolve();
    });
  });
  worker.on('message', (reply: Reply) => {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if (reply.error) waiting?.reject(Object.assign(new Error(reply.error.message), reply.error));
    else waiting?.resolve(reply);
  });
  const wait = (id: number): Promise<Reply> => new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  const request = (message: object): Promise<Reply> => {
    if (ended) return Promise.reject(ended);
    const reply = wait(++lastId);
    worker.postMessage({ id: lastId, ...message });
    return reply;
  };
  await wait(0);
  return {
    send: (kind, text, values) => request({ kind, text, values }),
    close: async () => {
      if (ended) return;
      await request({ kind: 'close' });
      await exited;
    },
  };
}

/** Bytes cross the thread as Uint8Array; both adapters hand out Buffer. */
function toResult<Row>({ rows = [], rowCount = 0 }: Reply): QueryResult<Row> {
  for (const row of rows as Record<string, unknown>[]) {
    for (const key in row) {
      const value = row[key];
      if (value instanceof Uint8Array && !Buffer.isBuffer(value))
        row[key] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  }
  return { rows: rows as Row[], rowCount };
}
