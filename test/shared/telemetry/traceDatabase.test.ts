import { trace } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTelemetry, type Telemetry } from '../../../gateway/telemetry/startTelemetry.js';
import { createLogger } from '../../../gateway/telemetry/createLogger.js';
import { startFileCollector } from '../../../deploy/otel/fileCollector.mjs';
import type { Database } from '../../../subgraphs/shared/database/Database.js';
import { openPglite } from '../../../subgraphs/shared/database/openPglite.js';
import { traceDatabase } from '../../../subgraphs/shared/telemetry/traceDatabase.js';
import { useTracer } from '../../../subgraphs/shared/telemetry/tracer.js';
import { withSpan } from '../../../subgraphs/shared/telemetry/withSpan.js';
import { pathOf } from '../../support/traceTree.js';

const TRACE = 'a'.repeat(32);
const FROM = `00-${TRACE}-00f067aa0ba902b7-01`;
let collector: Awaited<ReturnType<typeof startFileCollector>>;
let telemetry: Telemetry;
let database: Database;

beforeAll(async () => {
  collector = await startFileCollector();
  telemetry = await startTelemetry({ endpoint: collector.url, serviceName: null, sampleRatio: 0 }, 'tested', createLogger());
  database = traceDatabase(await openPglite({ dataDir: null }));
  await database.script('create schema s; create table s.note (id int primary key, text text)');
});
afterAll(async () => {
  await database.close();
  await telemetry.close();
  await collector.close();
});

it('has a span for each statement, with its text on one line and never its values', async () => {
  await withSpan('operation', { from: FROM }, async () => {
    await database.transaction(async (tx) => {
      await tx.query('insert into s.note (id, text)\n       values ($1, $2)', [1, 'hunter2']);
      await tx.query('update s.note set text = $1', ['hunter3']);
    });
    await database.query('select text from s.note where text = $1', ['hunter3']);
    await database.query('insert into s.note (id) values ($1)', [1]).catch(() => undefined);
  });
  const spans = await collector.trace(TRACE, (found) => found.some(({ name }) => name === 'operation'));
  expect(spans.map((span) => `${pathOf(span, spans)}${span.error === null ? '' : ` ! ${span.error}`}`).sort()).toEqual([
    'operation',
    'operation > insert s.note ! 23505',
    'operation > select s.note',
    'operation > transaction',
    'operation > transaction > insert s.note',
    'operation > transaction > update s.note',
  ]);
  expect(spans.find(({ name }) => name === 'select s.note')).toMatchObject({
    kind: 'CLIENT',
    attributes: {
      'db.system.name': 'postgresql',
      'db.namespace': 's',
      'db.query.summary': 'select s.note',
      'db.query.text': 'select text from s.note where text = $1',
    },
  });
  expect(collector.text()).not.toContain('hunter');
});

it('knows its own handles when one of them is to notify', async () => {
  let notes = 0;
  const listening = await database.listen('news', () => notes++);
  await database.transaction(async (tx) => {
    await database.notify('news', tx);
    expect(notes).toBe(0);
  });
  expect(notes).toBe(1);
  await listening.stop();
});

it('is the database itself where nothing is traced', () => {
  useTracer(undefined);
  expect(traceDatabase(database)).toBe(database);
  useTracer(trace.getTracer('tested'));
});
