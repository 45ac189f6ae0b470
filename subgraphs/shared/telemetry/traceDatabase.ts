import { SpanKind, type Attributes } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import type { Database, Queryable } from '../database/Database.js';
import { tracer } from './tracer.js';
import { withSpan } from './withSpan.js';

const MAX_TEXT = 2_000;

/**
 * A span for each statement and each transaction of a traced operation, with the text of the statement and never its values.
 * In a process that exports no traces it is the database itself.
 */
export function traceDatabase(database: Database): Database {
  if (!tracer()) return database;
  const inSpan = <T>(text: string, work: () => Promise<T>): Promise<T> => {
    const { summary, attributes } = statementOf(text);
    return withSpan(summary, { kind: SpanKind.CLIENT, attributes }, work);
  };
  const inner = new WeakMap<Queryable, Queryable>();
  const traced = (queryable: Queryable): Queryable => {
    const handle: Queryable = {
      query: (text, values) => inSpan(text, () => queryable.query(text, values)),
      script: (text) => inSpan(text, () => queryable.script(text)),
    };
    inner.set(handle, queryable);
    return handle;
  };
  return {
    ...traced(database),
    kind: database.kind,
    transaction: (work) =>
      withSpan('transaction', { attributes: { 'db.system.name': 'postgresql' } }, () =>
        database.transaction((tx) => work(traced(tx))),
      ),
    withTryLock: (name, work) => database.withTryLock(name, work),
    listen: (channel, onNotify) => database.listen(channel, onNotify),
    // The adapters know their own handles only.
    notify: (channel, inside) => database.notify(channel, inside && (inner.get(inside) ?? inside)),
    close: () => database.close(),
  };
}

interface Statement {
  /** `select agents.task`: the verb and the first table. */
  readonly summary: string;
  readonly attributes: Attributes;
}

const statements = new LRUCache<string, Statement>({ max: 1_000 });

/** By text: statements are few, and looked at once. */
function statementOf(text: string): Statement {
  let statement = statements.get(text);
  if (!statement) statements.set(text, (statement = read(text)));
  return statement;
}

const VERB = /^\s*(\w+)/;
const UPDATED = /^\s*update\s+(\w+)\.(\w+)/i;
const NAMED = /\b(?:from|into|join)\s+(\w+)\.(\w+)/i;

function read(text: string): Statement {
  const verb = (VERB.exec(text)?.[1] ?? 'query').toLowerCase();
  const [, schema, table] = UPDATED.exec(text) ?? NAMED.exec(text) ?? [];
  const summary = schema === undefined ? verb : `${verb} ${schema}.${table}`;
  return {
    summary,
    attributes: {
      'db.system.name': 'postgresql',
      'db.query.summary': summary,
      'db.query.text': text.replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT),
      ...(schema !== undefined && { 'db.namespace': schema }),
    },
  };
}
