import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventLog } from '../../../subgraphs/shared/eventlog/EventLog.js';
import type { MeshEvent } from '../../../subgraphs/shared/events.js';

export interface OpenedLog {
  readonly eventLog: EventLog;
  /** Removes everything older than now from the topic mesh.routing, as the retention does. */
  expire(): Promise<void>;
  /** What was put aside, in the order in which it was. */
  deadLetters(): Promise<{ group: string; topic: string; event: MeshEvent; error: string }[]>;
  close(): Promise<void>;
}

/**
 * What every event log must do alike. `order`: one for all events of a topic, or one for each subject. `gap`: what EVENT_GAP says when
 * two events of the topic are gone and the cursor was before them.
 */
export function eventLogContract(
  open: () => Promise<OpenedLog>,
  { order, gap }: { order: 'topic' | 'subject'; gap: Record<string, unknown> },
): void {
  /** Equal, in the order that the log keeps: what must be in order has the same subject, or the log keeps one order for all. */
  const expectInOrder = (seen: readonly MeshEvent[], expected: readonly MeshEvent[]): void => {
    if (order === 'topic') expect(seen.map(nameOf)).toEqual(expected.map(nameOf));
    else expect(bySubject(seen)).toEqual(bySubject(expected));
  };

  describe(`an event log with one order for each ${order}`, () => {
    let opened: OpenedLog;
    let eventLog: EventLog;
    beforeAll(async () => {
      opened = await open();
      ({ eventLog } = opened);
    });
    afterAll(() => opened?.close());

    it('gives readers what is appended after they opened, in order', async () => {
      const reader = await eventLog.read('mesh.tasks', 'head');
      const next = reader.next();
      const events = ['a', 'b', 'c', 'a', 'b', 'a'].map((subject, index) => event(String(index), subject));
      await eventLog.append('mesh.tasks', events);
      const seen = [await next];
      while (seen.length < events.length) seen.push(await reader.next());
      expectInOrder(
        seen.map(({ value }) => value.event),
        events,
      );
      await reader.stop();
    });

    it('ignores an event that it already holds', async () => {
      const reader = await eventLog.read('mesh.tasks', 'head');
      const twice = { ...event('twice', 's'), traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
      await eventLog.append('mesh.tasks', [twice, twice]);
      await eventLog.append('mesh.tasks', [twice, event('last', 's')]);
      expect((await reader.next()).value.event).toEqual(twice);
      expect(nameOf((await reader.next()).value.event)).toBe('last');
      await reader.stop();
    });

    it('resumes exactly after any cursor', async () => {
      const start = await eventLog.head('mesh.usage');
      const events = Array.from({ length: 1_200 }, (_, index) => event(`${index}`, `s${index % 40}`));
      await eventLog.append('mesh.usage', events);
      const all = await take(eventLog, start, events.length);
      expectInOrder(
        all.map((logged) => logged.event),
        events,
      );
      for (const index of [0, 499, 500, 1_000, 1_198]) {
        const rest = all.slice(index + 1).map((logged) => logged.event);
        const resumed = (await take(eventLog, all[index]!.cursor, rest.length)).map((logged) => logged.event);
        expectInOrder(resumed, rest);
      }
    });

    it('never lets a reader miss one when many append at once', async () => {
      const start = await eventLog.head('mesh.usage');
      const reading = take(eventLog, start, 200);
      const appends = Array.from({ length: 50 }, (_, client) =>
        eventLog.append(
          'mesh.usage',
          Array.from({ length: 4 }, (_, n) => event(`${client}.${n}`, `client ${client}`)),
        ),
      );
      await Promise.all(appends);
      const seen = (await reading).map((logged) => nameOf(logged.event));
      expect(new Set(seen).size).toBe(200);
      for (let client = 0; client < 50; client++) {
        const own = seen.filter((name) => name.startsWith(`${client}.`));
        expect(own).toEqual([0, 1, 2, 3].map((n) => `${client}.${n}`));
      }
    });

    it('tells when a reader is through with everything up to a cursor', async () => {
      const reader = await eventLog.read('mesh.tasks', 'head');
      await eventLog.append('mesh.tasks', [event('1', 's'), event('2', 's')]);
      const head = await eventLog.head('mesh.tasks');
      let through = false;
      const reached = reader.reached(head).then(() => (through = true));
      await reader.next();
      expect(nameOf((await reader.next()).value.event)).toBe('2');
      await new Promise((resolve) => setImmediate(resolve));
      expect(through).toBe(false);
      const pending = reader.next();
      await reached;
      await reader.reached(head);
      await reader.stop();
      expect((await pending).done).toBe(true);
    });

    it('refuses what is not a cursor of the topic', async () => {
      const other = await eventLog.head('mesh.usage');
      await expect(eventLog.read('mesh.tasks', other)).rejects.toMatchObject({ code: 'BAD_CURSOR' });
      await expect(eventLog.read('mesh.tasks', 'rubbish')).rejects.toMatchObject({ code: 'BAD_CURSOR' });
    });

    it('says which events are gone when a cursor is too old or of another life', async () => {
      const old = await eventLog.head('mesh.routing');
      await eventLog.append('mesh.routing', [event('gone', 's'), event('gone too', 's')]);
      await opened.expire();
      await eventLog.append('mesh.routing', [event('kept')]);
      await expect(eventLog.read('mesh.routing', old)).rejects.toMatchObject({
        code: 'EVENT_GAP',
        extensions: { topic: 'mesh.routing', ...gap },
      });
      const [version, topic, , offsets] = JSON.parse(Buffer.from(old, 'base64url').toString()) as unknown[];
      const foreign = Buffer.from(JSON.stringify([version, topic, 'another epoch', offsets])).toString('base64url');
      await expect(eventLog.read('mesh.routing', foreign)).rejects.toMatchObject({ code: 'EVENT_GAP' });
    });

    it('settles a waiting reader at once when it is stopped, a thousand times without a leak', async () => {
      const readers = await Promise.all(Array.from({ length: 1_000 }, () => eventLog.read('mesh.budgets', 'head')));
      const waiting = readers.map((reader) => reader.next());
      await Promise.all(readers.map((reader, index) => (index % 2 ? reader.stop() : reader.return!())));
      for (const result of await Promise.all(waiting)) expect(result.done).toBe(true);
      expect((await readers[0]!.next()).done).toBe(true);
    });

    it('hands a consumer group everything once, from the oldest event on, across restarts', async () => {
      const seen: string[] = [];
      const handle = async (_: string, events: readonly MeshEvent[]): Promise<void> => {
        seen.push(...events.map(nameOf));
      };
      await eventLog.append('mesh.governance', [event('1', 's'), event('2', 's')]);
      const first = await eventLog.consume('group', ['mesh.governance'], handle);
      await first.settled();
      await first.stop();
      await eventLog.append('mesh.governance', [event('3', 's')]);
      const second = await eventLog.consume('group', ['mesh.governance'], handle);
      await eventLog.append('mesh.governance', [event('4', 's')]);
      await second.settled();
      await second.stop();
      expect(seen).toEqual(['1', '2', '3', '4']);
    });

    it('tries a batch again until it is handled, without holding up other topics', async () => {
      let failures = 0;
      const handled: string[] = [];
      const consumer = await eventLog.consume('stubborn', ['mesh.catalog', 'mesh.evaluations'], async (topic, events) => {
        const mayEnd = failures >= 3 && handled.includes('easy');
        if (topic === 'mesh.catalog' && !mayEnd) {
          failures++;
          throw new Error('not yet');
        }
        handled.push(...events.map(({ subject }) => subject));
      });
      await eventLog.append('mesh.catalog', [event('hard')]);
      await eventLog.append('mesh.evaluations', [event('easy')]);
      await consumer.settled();
      await consumer.stop();
      expect(handled.toSorted()).toEqual(['easy', 'hard']);
      expect(handled.at(-1)).toBe('hard');
      expect(await opened.deadLetters()).toEqual([]);
    });

    it('waits for broken infrastructure and puts nothing aside for it', async () => {
      let failures = 0;
      const handled: string[] = [];
      const consumer = await eventLog.consume('patient', ['mesh.budgets'], async (_, events) => {
        if (failures++ < 6)
          throw new Error('no answer', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
        handled.push(...events.map(nameOf));
      });
      await eventLog.append('mesh.budgets', [event('kept')]);
      await consumer.settled();
      await consumer.stop();
      expect(handled).toEqual(['kept']);
      expect(await opened.deadLetters()).toEqual([]);
    });

    it('puts an event aside that cannot be handled, with its error, and goes on with the others in order', async () => {
      const handled: string[] = [];
      const events = ['before', 'poison', 'after', 'last'].map((name) => event(name, 's'));
      await eventLog.append('mesh.metrics', events);
      const consumer = await eventLog.consume('fussy', ['mesh.metrics'], async (_, batch) => {
        if (batch.some((each) => nameOf(each) === 'poison')) throw new TypeError('it cannot be right');
        handled.push(...batch.map(nameOf));
      });
      await consumer.settled();
      await consumer.stop();
      expect(handled).toEqual(['before', 'after', 'last']);
      expect(await opened.deadLetters()).toEqual([
        { group: 'fussy', topic: 'mesh.metrics', event: events[1], error: 'TypeError: it cannot be right' },
      ]);
    });
  });
}

function nameOf(each: MeshEvent): string {
  return (each.data as { taskId: string }).taskId;
}

function bySubject(events: readonly MeshEvent[]): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const each of events) (names[each.subject] ??= []).push(nameOf(each));
  return names;
}

async function take(eventLog: EventLog, cursor: string, count: number) {
  const reader = await eventLog.read('mesh.usage', cursor);
  const seen = [];
  while (seen.length < count) seen.push((await reader.next()).value!);
  await reader.stop();
  return seen;
}

function event(name: string, subject = name): MeshEvent {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/test',
    type: 'task.queued',
    subject,
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    data: { tenant: 't', taskId: name, taskClass: 'c', kind: 'QUEUED', status: 'QUEUED', agentId: null, modelId: null },
  };
}
