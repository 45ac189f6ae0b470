/**
 * One interface over PGlite (embedded) and `pg` (PostgreSQL). Values arrive the same from both:
 * int2/int4/float → number, int8 → bigint, numeric → string, bytea → Buffer, timestamptz → Date, json/jsonb → parsed, text[] → string[].
 * Count with `count(*)::int`. Tables are always schema-qualified (`agents.task`); statements are always parameterised.
 */
export interface Queryable {
  /** Runs one statement. `Row` is what the caller says the columns are. Rejects with an error whose `code` is the SQLSTATE. */
  query<Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
  /** Runs several statements without values, as migrations hold them. */
  script(text: string): Promise<void>;
}

export interface QueryResult<Row> {
  readonly rows: Row[];
  /** Rows returned or affected. */
  readonly rowCount: number;
}

export interface Database extends Queryable {
  readonly kind: 'pglite' | 'postgres';
  /**
   * Runs `work` in one transaction: commits when it resolves, rolls back when it rejects or after 5 s (TRANSACTION_TIMEOUT).
   * Inside `work` only the handle passed in may be used: PGlite is one session, and a query on the database itself would wait for ever.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /**
   * Runs `work` while holding the named advisory lock, or returns undefined at once when another session holds it.
   * In PGlite one process owns the database, so the lock is held in memory.
   */
  withTryLock<T>(name: string, work: () => Promise<T>): Promise<T | undefined>;
  /** Calls `onNotify` after each NOTIFY on the channel, by whichever process. Payloads are not carried: readers look for themselves. */
  listen(channel: string, onNotify: () => void): Promise<{ stop(): Promise<void> }>;
  notify(channel: string, inside?: Queryable): Promise<void>;
  close(): Promise<void>;
}
