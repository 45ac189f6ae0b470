import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SpanKind } from '@opentelemetry/api';
import { createLogger } from '../../../gateway/telemetry/createLogger.js';
import { startTelemetry, type Telemetry } from '../../../gateway/telemetry/startTelemetry.js';
import { startFileCollector } from '../../../deploy/otel/fileCollector.mjs';
import { MeshError } from '../../../subgraphs/shared/errors.js';
import { newEvent } from '../../../subgraphs/shared/newEvent.js';
import { withBatchSpan } from '../../../subgraphs/shared/telemetry/batchSpan.js';
import { useTracer } from '../../../subgraphs/shared/telemetry/tracer.js';
import { currentTraceparent, describeSpan, untraced, withSpan } from '../../../subgraphs/shared/telemetry/withSpan.js';

let lines = '';
const log = createLogger({ write: (line) => (lines += line) });
let collector: Awaited<ReturnType<typeof startFileCollector>>;
let telemetry: Telemetry;

const TRACES = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
const sampled = (traceId: string): string => `00-${traceId}-00f067aa0ba902b7-01`;

describe('a process that exports traces', () => {
  beforeAll(async () => {
    collector = await startFileCollector();
    // Nothing is kept that nobody asked for, so that what is kept was asked for.
    telemetry = await startTelemetry({ endpoint: collector.url, serviceName: null, sampleRatio: 0 }, 'tested', log);
  });
  afterAll(async () => {
    await telemetry.close();
    await collector.close();
  });

  it('continues the trace of a caller, with what the span is told, and a name that comes later', async () => {
    const [traceId] = TRACES;
    const result = withSpan('early', { kind: SpanKind.SERVER, from: sampled(traceId!), attributes: { a: 1 } }, (span) => {
      span.set({ b: ['x', 'y'] });
      describeSpan({ c: true }, 'late');
      return withSpan('inner', {}, () => currentTraceparent());
    });
    const spans = await collector.trace(traceId!, (found) => found.length === 2);
    const [outer, inner] = [spans.find(({ name }) => name === 'late')!, spans.find(({ name }) => name === 'inner')!];
    expect(outer).toMatchObject({
      service: 'tested',
      kind: 'SERVER',
      parentId: '00f067aa0ba902b7',
      attributes: { a: 1, b: ['x', 'y'], c: true },
      error: null,
    });
    expect(inner).toMatchObject({ kind: 'INTERNAL', parentId: outer.spanId });
    expect(result).toBe(`00-${traceId}-${inner.spanId}-01`);
  });

  it('tells of an error its code, and nothing that somebody wrote', async () => {
    const traceId = 'd'.repeat(32);
    const fails = (name: string, error: unknown) =>
      withSpan(name, { from: sampled(traceId) }, async () => {
        throw error;
      }).catch(() => undefined);
    await fails('ours', new MeshError('NO_ROUTE', 'hunter2'));
    await fails('sql', Object.assign(new Error('hunter2'), { code: '23505', detail: 'hunter2' }));
    await fails('bug', new TypeError('hunter2'));
    await fails('no code', Object.assign(new Error('hunter2'), { code: 'hunter2 said' }));
    expect(() => withSpan('at once', { from: sampled(traceId) }, () => JSON.parse('hunter2'))).toThrow(SyntaxError);
    withSpan('told', { from: sampled(traceId) }, (span) => span.failed('hunter2 said'));
    const spans = await collector.trace(traceId, (found) => found.length === 6);
    expect(Object.fromEntries(spans.map(({ name, error }) => [name, error]))).toEqual({
      ours: 'NO_ROUTE',
      sql: '23505',
      bug: 'TypeError',
      'no code': 'Error',
      'at once': 'SyntaxError',
      told: '_OTHER',
    });
    expect(collector.text()).not.toContain('hunter2');
  });

  it('traces nothing that belongs to nobody: pollers, workers, what outlives its operation', async () => {
    const traceId = 'e'.repeat(32);
    expect(withSpan('poll', {}, () => currentTraceparent())).toBeUndefined();
    withSpan('operation', { from: sampled(traceId) }, () =>
      untraced(() => withSpan('worker', {}, () => expect(currentTraceparent()).toBeUndefined())),
    );
    expect(await collector.trace(traceId, (found) => found.length > 0)).toHaveLength(1);
  });

  it('passes on the decision of a caller who does not want to be traced, and gives a trace id all the same', () => {
    const traceId = 'f'.repeat(32);
    const unsampled = withSpan('quiet', { from: `00-${traceId}-00f067aa0ba902b7-00` }, () => currentTraceparent());
    expect(unsampled).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    for (const from of [null, 'rubbish', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`])
      expect(withSpan('root', { from }, () => currentTraceparent())).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  it('writes the trace id into every line of the log that is written within a span', () => {
    const traceId = '1'.repeat(32);
    lines = '';
    withSpan('logged', { from: sampled(traceId) }, () => log.warn('inside'));
    withSpan('logged', { from: sampled(traceId) }, () => log.warn({ traceId: 'given' }, 'with its own'));
    log.warn('outside');
    const [inside, own, outside] = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(inside).toMatchObject({ msg: 'inside', traceId, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(own).toMatchObject({ traceId: 'given' });
    expect(outside).not.toHaveProperty('traceId');
  });

  describe('a batch of events', () => {
    const event = (traceparent?: string) =>
      newEvent(
        'usage.settled',
        't',
        { tenant: 'x', reservationId: 'r', taskId: 't' },
        { subgraph: 'agents', nowMs: 0, traceparent },
      );
    const process = (events: ReturnType<typeof event>[]) =>
      withBatchSpan({ operation: 'process', topic: 'mesh.usage', system: 'kafka', group: 'costs' }, events, async () =>
        currentTraceparent(),
      );

    it('carries the trace that it was made in', () => {
      const traceparent = withSpan('change', { from: sampled('2'.repeat(32)) }, () => event().traceparent);
      expect(traceparent).toMatch(new RegExp(`^00-${'2'.repeat(32)}-[0-9a-f]{16}-01$`));
      expect(event()).not.toHaveProperty('traceparent');
    });

    it('continues the one trace that its events come from', async () => {
      const traceId = '3'.repeat(32);
      expect(await process([event(sampled(traceId)), event(), event(sampled(traceId))])).toContain(traceId);
      const [span] = await collector.trace(traceId, (found) => found.length === 1);
      expect(span).toMatchObject({
        name: 'process mesh.usage',
        kind: 'CONSUMER',
        attributes: {
          'messaging.system': 'kafka',
          'messaging.operation.type': 'process',
          'messaging.destination.name': 'mesh.usage',
          'messaging.consumer.group.name': 'costs',
          'messaging.batch.message_count': 3,
        },
      });
    });

    it('continues the only one that is kept', async () => {
      const quiet = `00-${'4'.repeat(32)}-00f067aa0ba902b7-00`;
      expect(await process([event(quiet), event(sampled('5'.repeat(32)))])).toContain('5'.repeat(32));
      expect(await process([event(quiet)])).toContain('4'.repeat(32));
    });

    it('is in none of several', async () => {
      const traceparent = await process([event(sampled('6'.repeat(32))), event(sampled('7'.repeat(32)))]);
      expect(traceparent).toMatch(/^00-(?!6{32}|7{32})/);
      expect(await process([event()])).toBeUndefined();
    });
  });

  it('says nothing of the machine', async () => {
    withSpan('seen', { from: sampled('8'.repeat(32)) }, () => undefined);
    await collector.trace('8'.repeat(32), (found) => found.length === 1);
    expect(collector.text()).not.toContain(hostname());
    expect(collector.text()).not.toMatch(/process\.|host\.|command/);
  });
});

describe('a process that exports none', () => {
  afterEach(() => useTracer(undefined));

  it('only does the work', async () => {
    const nothing = await startTelemetry(null, 'tested', log);
    expect(withSpan('work', { from: sampled('9'.repeat(32)) }, () => currentTraceparent())).toBeUndefined();
    expect(await withSpan('work', { from: null }, async (span) => (span.set({ a: 1 }), 7))).toBe(7);
    await nothing.close();
  });
});
