import { SpanKind } from '@opentelemetry/api';
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
  const inner = new WeakMap<Queryable, Queryable>();
  const traced = (queryable: Queryable): Queryable => {
    const handle: Queryable = {
      query: (text, values) =>
        withSpan(summaryOf(text), { kind: SpanKind.CLIENT, attributes: about(text) }, () => queryable.query(text, values)),
      script: (text) => withSpan('script', { kind: SpanKind.CLIENT, attributes: about(text) }, () => queryable.script(text)),
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

function about(text: string): Record<string, string> {
  const summary = summaryOf(text);
  const namespace = / (\w+)\.\w+$/.exec(summary)?.[1];
  return {
    'db.system.name': 'postgresql',
    'db.query.summary': summary,
    'db.query.text': text.replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT),
    ...(namespace !== undefined && { 'db.namespace': namespace }),
  };
}

const SUMMARY = /^\s*(\w+)(?:[\s\S]*?\b(?:from|into|update|join)\s+(\w+\.\w+))?/i;
const summaries = new Map<string, string>();
const MAX_SUMMARIES = 1_000;

/** `select agents.task`: the verb and the first table. */
function summaryOf(text: string): string {
  let summary = summaries.get(text);
  if (summary === undefined) {
    const [, verb = 'query', table] = SUMMARY.exec(text) ?? [];
    const first = verb.toLowerCase() === 'update' ? /^\s*update\s+(\w+\.\w+)/i.exec(text)?.[1] : table;
    summary = first === undefined ? verb.toLowerCase() : `${verb.toLowerCase()} ${first}`;
    if (summaries.size < MAX_SUMMARIES) summaries.set(text, summary);
  }
  return summary;
}
