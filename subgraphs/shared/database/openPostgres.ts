import pg from 'pg';
import { MeshError } from '../errors.js';
import type { Database, QueryResult, Queryable } from './Database.js';
import { TRANSACTION_LIMIT_MS, withTransactionTimeout } from './transactionTimeout.js';

const INT8 = 20;
const NUMERIC = 1700;

/** Like PGlite's: int8 as bigint, numeric as text, the rest as `pg` does it. Set on each pool, never globally. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return BigInt;
    if (oid === NUMERIC) return String;
    return pg.types.getTypeParser(oid, format as 'text') as (text: string) => unknown;
  },
} as pg.CustomTypesConfig;

/**
 * PostgreSQL through a pool of at most `max` connections (default 10), and as many again for advisory locks. Throws DATABASE_UNREACHABLE, which names the host and never
 * the password.
 */
export async function openPostgres({ url, max = 10 }: { url: string; max?: number }): Promise<Database> {
  const settings: pg.PoolConfig = {
    connectionString: url,
    types,
    connectionTimeoutMillis: 5_000,
    application_name: 'agent-mesh',
  };
  const pool = new pg.Pool({
    ...settings,
    max,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 2 * TRANSACTION_LIMIT_MS,
  });
  // Who holds a lock needs a second connection for the work. From one pool, enough holders at once would wait for one another for ever.
  const locks = new pg.Pool({ ...settings, max });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  for (const each of [pool, locks]) {
    each.on('error', () => undefined);
    // So would one that breaks while it is in use between two statements; the next of them fails.
    each.on('connect', (client) => client.on('error', () => undefined));
  }
  await pool.query('select 1').catch(async (cause: unknown) => {
    await Promise.all([locks.end(), pool.end()]);
    throw unreachable(url, cause);
  });
  const listener = createListener(settings);

  return {
    kind: 'postgres',
    query: (text, values) => run(pool, text, values),
    script: async (text) => void (await pool.query(text)),
    transaction: (work) => transaction(pool, work),
    withTryLock: (name, work) => withTryLock(locks, name, work),
    listen: listener.listen,
    notify: async (channel, inside) =>
      void (await (inside ?? asQueryable(pool)).query('select pg_notify($1, $2)', [channel, ''])),
    close: async () => {
      await listener.close();
      await Promise.all([locks.end(), pool.end()]);
    },
  };
}

type Runner = Pick<pg.PoolClient, 'query'> | pg.Pool;

async function run<Row>(runner: Runner, text: string, values?: readonly unknown[]): Promise<QueryResult<Row>> {
  const { rows, rowCount } = await runner.query(text, values as unknown[]);
  return { rows: rows as Row[], rowCount: rowCount ?? 0 };
}

function asQueryable(runner: Runner): Queryable {
  return {
    query: (text, values) => run(runner, text, values),
    script: async (text) => void (await runner.query(text)),
  };
}

async function transaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  let open = true;
  const handle = asQueryable(client);
  const guarded: Queryable = {
    query: (text, values) => (open ? handle.query(text, values) : Promise.reject(new Error('the transaction is over'))),
    script: (text) => (open ? handle.script(text) : Promise.reject(new Error('the transaction is over'))),
  };
  try {
    await client.query('begin');
    const result = await withTransactionTimeout(work(guarded));
    open = false;
    await client.query('commit');
    return result;
  } catch (error) {
    open = false;
    if (error instanceof MeshError && error.code === 'TRANSACTION_TIMEOUT') broken = error;
    else await client.query('rollback').catch((cause: Error) => (broken = cause));
    throw error;
  } finally {
    // A connection that may still be busy is thrown away, which rolls back; a healthy one returns to the pool.
    client.release(broken);
  }
}

async function withTryLock<T>(pool: pg.Pool, name: string, work: () => Promise<T>): Promise<T | undefined> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const { rows } = await client.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as locked', [name]);
    if (!(rows[0] as { locked: boolean }).locked) return undefined;
    try {
      return await work();
    } finally {
      await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch((cause: Error) => (broken = cause));
    }
  } finally {
    client.release(broken);
  }
}

/** One connection of its own for LISTEN. When it breaks it is made again, and every listener is called, since notes may be missed. */
function createListener(settings: pg.PoolConfig): Pick<Database, 'listen' | 'close'> {
  const listeners = new Map<string, Set<() => void>>();
  let client: Promise<pg.Client> | undefined;
  let closed = false;
  let isAgain = false;
  let retry: NodeJS.Timeout | undefined;

  const connect = async (): Promise<pg.Client> => {
    const fresh = new pg.Client(settings);
    fresh.on('notification', ({ channel }) => listeners.get(channel)?.forEach((call) => call()));
    const lost = (): void => {
      if (closed || retry) return;
      client = undefined;
      retry = setTimeout(() => {
        retry = undefined;
        void ensure().catch(lost);
      }, 1_000);
    };
    fresh.on('error', lost);
    fresh.on('end', lost);
    await fresh.connect();
    for (const channel of listeners.keys()) await fresh.query(`listen ${fresh.escapeIdentifier(channel)}`);
    if (isAgain) for (const calls of listeners.values()) calls.forEach((call) => call());
    isAgain = true;
    return fresh;
  };
  const ensure = (): Promise<pg.Client> => (client ??= connect());
  // One statement at a time: a client that is asked for a second one while it executes only queues it, with a warning.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };

  return {
    listen: async (channel, onNotify) => {
      const calls = listeners.get(channel) ?? new Set();
      listeners.set(channel, calls.add(onNotify));
      const connection = await ensure();
      if (calls.size === 1) await inTurn(() => connection.query(`listen ${connection.escapeIdentifier(channel)}`));
      return { stop: async () => void calls.delete(onNotify) };
    },
    close: async () => {
      closed = true;
      clearTimeout(retry);
      const connection = await client?.catch(() => undefined);
      await connection?.end();
    },
  };
}

function unreachable(url: string, cause: unknown): MeshError {
  const where = URL.canParse(url) ? new URL(url).host : 'the host in it';
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MeshError(
    'DATABASE_UNREACHABLE',
    `PostgreSQL at ${where} does not answer: ${why}. Check DATABASE_URL and the server.`,
    { cause },
  );
}
