import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventLog } from '../../../subgraphs/shared/eventlog/EventLog.js';
import type { MeshEvent } from '../../../subgraphs/shared/events.js';

export interface OpenedLog {
  readonly eventLog: EventLog;
  /** Removes everything older than now from the topic, as the retention does. */
  expire(): Promise<void>;
  close(): Promise<void>;
}

/** What every event log must do alike. */
export function eventLogContract(open: () => Promise<OpenedLog>): void {
  describe('an event log', () => {
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
      await eventLog.append('mesh.tasks', ['a', 'b', 'c'].map(event));
      const seen = [await next, await reader.next(), await reader.next()].map(({ value }) => value.event.subject);
      expect(seen).toEqual(['a', 'b', 'c']);
      await reader.stop();
    });

    it('ignores an event that it already holds', async () => {
      const reader = await eventLog.read('mesh.tasks', 'head');
      const twice = event('twice');
      await eventLog.append('mesh.tasks', [twice, twice]);
      await eventLog.append('mesh.tasks', [twice, event('last')]);
      expect((await reader.next()).value.event).toEqual(twice);
      expect((await reader.next()).value.event.subject).toBe('last');
      await reader.stop();
    });

    it('resumes exactly after any cursor', async () => {
      const start = await eventLog.head('mesh.usage');
      const subjects = Array.from({ length: 1_200 }, (_, index) => `s${index}`);
      await eventLog.append('mesh.usage', subjects.map(event));
      const all = await take(eventLog, start, subjects.length);
      expect(all.map((logged) => logged.event.subject)).toEqual(subjects);
      for (const index of [0, 499, 500, 1_000]) {
        const [next] = await take(eventLog, all[index]!.cursor, 1);
        expect(next!.event.subject).toBe(`s${index + 1}`);
      }
    });

    it('never lets a reader miss one when many append at once', async () => {
      const start = await eventLog.head('mesh.usage');
      const reading = take(eventLog, start, 200);
      const appends = Array.from({ length: 50 }, (_, client) =>
        eventLog.append(
          'mesh.usage',
          Array.from({ length: 4 }, (_, n) => event(`${client}.${n}`)),
        ),
      );
      await Promise.all(appends);
      const seen = await reading;
      expect(new Set(seen.map((logged) => logged.event.subject)).size).toBe(200);
      for (let client = 0; client < 50; client++) {
        const own = seen.map((logged) => logged.event.subject).filter((subject) => subject.startsWith(`${client}.`));
        expect(own).toEqual([0, 1, 2, 3].map((n) => `${client}.${n}`));
      }
    });

    it('refuses what is not a cursor of the topic', async () => {
      const other = await eventLog.head('mesh.usage');
      await expect(eventLog.read('mesh.tasks', other)).rejects.toMatchObject({ code: 'BAD_CURSOR' });
      await expect(eventLog.read('mesh.tasks', 'rubbish')).rejects.toMatchObject({ code: 'BAD_CURSOR' });
    });

    it('says which events are gone when a cursor is too old or of another life', async () => {
      const old = await eventLog.head('mesh.routing');
      await eventLog.append('mesh.routing', ['gone', 'gone too'].map(event));
      await opened.expire();
      await eventLog.append('mesh.routing', [event('kept')]);
      await expect(eventLog.read('mesh.routing', old)).rejects.toMatchObject({
        code: 'EVENT_GAP',
        extensions: { topic: 'mesh.routing', from: 0, oldest: 3 },
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

    it('holds on to no event that a reader has given away', async () => {
      const reader = await eventLog.read('mesh.budgets', 'head');
      await eventLog.append(
        'mesh.budgets',
        Array.from({ length: 20 }, (_, index) => event(`gone${index}`)),
      );
      const seen = [];
      for (let index = 0; index < 20; index++) seen.push(new WeakRef((await reader.next()).value.event));
      const waiting = reader.next();
      await collectGarbage();
      // The newest may still be in some register; those before it are nobody's.
      expect(seen.slice(0, 15).filter((ref) => ref.deref() !== undefined)).toEqual([]);
      await reader.stop();
      await waiting;
    });

    it('hands a consumer group everything once, from the oldest event on, across restarts', async () => {
      const seen: string[] = [];
      const handle = async (_: string, events: readonly MeshEvent[]): Promise<void> => {
        seen.push(...events.map(({ subject }) => subject));
      };
      await eventLog.append('mesh.governance', ['1', '2'].map(event));
      const first = await eventLog.consume('group', ['mesh.governance'], handle);
      await first.settled();
      await first.stop();
      await eventLog.append('mesh.governance', [event('3')]);
      const second = await eventLog.consume('group', ['mesh.governance'], handle);
      await eventLog.append('mesh.governance', [event('4')]);
      await second.settled();
      await second.stop();
      expect(seen).toEqual(['1', '2', '3', '4']);
    });

    it('tries a batch again until it is handled, without holding up other topics', async () => {
      let failures = 0;
      const handled: string[] = [];
      const consumer = await eventLog.consume('stubborn', ['mesh.catalog', 'mesh.evaluations'], async (topic, events) => {
        if (topic === 'mesh.catalog' && failures++ < 3) throw new Error('not yet');
        handled.push(...events.map(({ subject }) => subject));
      });
      await eventLog.append('mesh.catalog', [event('hard')]);
      await eventLog.append('mesh.evaluations', [event('easy')]);
      await consumer.settled();
      await consumer.stop();
      expect(handled.toSorted()).toEqual(['easy', 'hard']);
      expect(handled.at(-1)).toBe('hard');
    });
  });
}

/** A full collection, in a turn of its own: what the turn before has touched is alive until it ends. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
}

async function take(eventLog: EventLog, cursor: string, count: number) {
  const reader = await eventLog.read('mesh.usage', cursor);
  const seen = [];
  while (seen.length < count) seen.push((await reader.next()).value!);
  await reader.stop();
  return seen;
}

function event(subject: string): MeshEvent {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/test',
    type: 'task.queued',
    subject,
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    data: { tenant: 't', taskId: subject, taskClass: 'c', kind: 'QUEUED', status: 'QUEUED', agentId: null, modelId: null },
  };
}
