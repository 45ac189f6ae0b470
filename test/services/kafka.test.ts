import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventLog, EventReader } from '../../subgraphs/shared/eventlog/EventLog.js';
import type { MeshEvent } from '../../subgraphs/shared/events.js';
import { newEvent } from '../../subgraphs/shared/newEvent.js';
import { eventLogContract } from '../shared/contracts/eventLogContract.js';
import { eventually } from '../support/meshContract.js';
import { createKafkaSpace, deleteAll, openKafkaLog, openLogIn, type KafkaSpace } from '../support/openKafkaLog.js';
import { service } from '../support/services.js';

/** The two events that are gone had one subject, and so were in one partition. */
const gone = expect.arrayContaining([2, 0]) as unknown;
eventLogContract(openKafkaLog, { order: 'subject', gap: { from: [0, 0, 0, 0, 0, 0], oldest: gone } });

describe('an event log in Kafka', () => {
  let space: KafkaSpace;
  let one: EventLog;
  let other: EventLog;
  beforeAll(async () => {
    space = createKafkaSpace();
    // Both make the topics: processes of a mesh start together.
    [one, other] = await Promise.all([openLogIn(space, { ringEntries: 50 }), openLogIn(space, { ringEntries: 50 })]);
  });
  afterAll(async () => {
    await Promise.all([one?.close(), other?.close()]);
    await space?.drop();
  });

  it('spreads a topic over its partitions, with the retention and headers that other tools see', async () => {
    const sent = { ...event('seen', 'by tools'), traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    await one.append('mesh.governance', [sent]);
    const admin = space.kafka.admin();
    const topic = `${space.prefix}mesh.governance`;
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]!.partitions).toHaveLength(6);
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic }] });
    const retention = resources[0]!.configEntries.find(({ configName }) => configName === 'retention.ms');
    expect(Number(retention!.configValue)).toBe(7 * 86_400_000);
    await admin.disconnect();

    const consumer = space.kafka.consumer({ groupId: `${space.prefix}tool` });
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const message = await new Promise<{ key: string; value: unknown; headers: Record<string, string> }>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message: { key, value, headers } }) =>
          resolve({
            key: String(key),
            value: JSON.parse(String(value)),
            headers: Object.fromEntries(Object.entries(headers!).map(([name, text]) => [name, String(text)])),
          }),
      });
    });
    await consumer.disconnect();
    expect(message).toEqual({
      key: 'by tools',
      value: sent.data,
      headers: {
        ce_specversion: '1.0',
        ce_id: sent.id,
        ce_source: '/subgraphs/agents',
        ce_type: 'task.queued',
        ce_subject: 'by tools',
        ce_time: sent.time,
        'content-type': 'application/json',
        traceparent: sent.traceparent,
      },
    });
  });

  it('gives readers of another process the same events and takes their cursors', async () => {
    const reader = await other.read('mesh.tasks', 'head');
    const events = range(60).map((n) => event(`${n}`, `s${n % 12}`));
    await one.append('mesh.tasks', events);
    const half = await takeFrom(reader, 30);
    const rest = await takeFrom(await one.read('mesh.tasks', half.at(-1)!.cursor), 30);
    expect([...half, ...rest].map((logged) => logged.event.id).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    await reader.stop();
  });

  it('loses nothing for a reader that is slower than what is kept in memory, nor for many at once', async () => {
    const readers = await Promise.all(range(40).map(() => one.read('mesh.usage', 'head')));
    const events = range(600).map((n) => event(`${n}`, `s${n % 30}`));
    for (let from = 0; from < events.length; from += 100) await other.append('mesh.usage', events.slice(from, from + 100));
    for (const seen of await Promise.all(readers.map((reader) => takeFrom(reader, 600)))) {
      expect(bySubject(seen.map((logged) => logged.event))).toEqual(bySubject(events));
    }
    // All are at the end now, and get what comes from memory.
    const next = readers.map((reader) => reader.next());
    await other.append('mesh.usage', [event('live', 's')]);
    for (const result of await Promise.all(next)) expect(nameOf(result.value.event)).toBe('live');
    await Promise.all(readers.map((reader) => reader.stop()));
  });

  it('tells a slow reader that the retention has overtaken it', async () => {
    const reader = await one.read('mesh.routing', 'head');
    await other.append(
      'mesh.routing',
      range(300).map((n) => event(`${n}`)),
    );
    await deleteAll(space, 'mesh.routing');
    // What is in memory may still be there; nothing may be passed over in silence.
    await expect(takeFrom(reader, 301)).rejects.toMatchObject({
      code: 'EVENT_GAP',
      extensions: { topic: 'mesh.routing', from: expect.any(Array) as unknown, oldest: expect.any(Array) as unknown },
    });
    await reader.stop();
  });

  it('appends nothing twice when another process repeats a batch, wherever it was cut off', async () => {
    const batch = range(50).map((n) => event(`${n}`, `s${n % 7}`));
    const foreign = range(200).map((n) => event(`foreign ${n}`));
    const start = await one.head('mesh.evaluations');
    await one.append('mesh.evaluations', batch.slice(0, 20));
    await other.append('mesh.evaluations', foreign);
    const third = await openLogIn(space);
    await Promise.all([third.append('mesh.evaluations', batch), third.append('mesh.evaluations', batch)]);
    await third.close();
    await one.append('mesh.evaluations', batch);
    expect(await countOf(space, 'mesh.evaluations')).toBe(250);
    const seen = await takeFrom(await one.read('mesh.evaluations', start), 250);
    expect(bySubject(seen.map((logged) => logged.event))).toEqual(bySubject([...batch, ...foreign]));
  });

  it('shares the partitions among the members of a group, and hands over those of a member that leaves or joins', async () => {
    const handled: { member: string; event: MeshEvent }[] = [];
    const join = (log: EventLog, member: string) =>
      log.consume('shared', ['mesh.budgets'], async (_, events) => {
        handled.push(...events.map((each) => ({ member, event: each })));
      });
    const sent: MeshEvent[] = [];
    const send = async (count: number): Promise<void> => {
      const events = range(count).map((n) => event(`${sent.length + n}`, `s${n % 24}`));
      sent.push(...events);
      await one.append('mesh.budgets', events);
    };
    const first = await join(one, 'first');
    await send(48);
    const second = await join(other, 'second');
    await eventually(
      () => send(24),
      () => ['first', 'second'].every((member) => handled.slice(48).some((each) => each.member === member)),
    );
    await first.stop();
    const before = handled.length;
    await send(48);
    await second.settled();
    expect(new Set(handled.slice(before).map(({ member }) => member))).toEqual(new Set(['second']));
    await second.stop();
    // A batch that was in hand during a rebalance may come again, but then to the end: the order of first sights is right.
    const firstSights = [...new Map(handled.map((each) => [each.event.id, each.event])).values()];
    expect(bySubject(firstSights)).toEqual(bySubject(sent));
  });

  it('answers with a code while Kafka is gone, then goes on: nothing lost, nothing twice, for readers and consumers', async () => {
    const consumed: string[] = [];
    const consumer = await other.consume('steady', ['mesh.catalog'], async (_, events) => {
      consumed.push(...events.map(({ id }) => id));
    });
    const reader = await other.read('mesh.catalog', 'head');
    const ids: string[] = [];
    let failures = 0;
    /** Like the outbox relay: a batch is tried until the log has taken it. */
    const relay = async (batches: number): Promise<void> => {
      for (let batch = 0; batch < batches; batch++) {
        const events = range(10).map((n) => event(`${batch}.${n}`, `s${n}`));
        ids.push(...events.map(({ id }) => id));
        for (;;) {
          const error: unknown = await one.append('mesh.catalog', events).catch((cause: unknown) => cause);
          if (error === undefined) break;
          expect(error).toMatchObject({ code: 'EVENT_LOG_UNREACHABLE' });
          failures++;
        }
      }
    };
    await relay(20);
    const underLoad = relay(200);
    await service('kill', 'kafka');
    await expect(other.head('mesh.catalog')).rejects.toMatchObject({ code: 'EVENT_LOG_UNREACHABLE' });
    await expect(other.read('mesh.catalog', 'head')).rejects.toMatchObject({ code: 'EVENT_LOG_UNREACHABLE' });
    await service('start', 'kafka');
    await underLoad;
    await relay(20);
    expect(failures).toBeGreaterThan(0);
    const read = (await takeFrom(reader, ids.length)).map((logged) => logged.event.id);
    expect(read.toSorted()).toEqual(ids.toSorted());
    expect(await countOf(space, 'mesh.catalog')).toBe(ids.length);
    await consumer.settled();
    expect(consumed.toSorted()).toEqual(ids.toSorted());
    await consumer.stop();
    await reader.stop();
  });

  it('says which events are gone when a topic was made anew under its readers', async () => {
    await one.append('mesh.metrics', [event('1')]);
    const cursor = await one.head('mesh.metrics');
    const reader = await one.read('mesh.metrics', cursor);
    // Watched from the start: the gap may be told before the topic is there again.
    const gap = expect(reader.next()).rejects.toMatchObject({ code: 'EVENT_GAP' });
    const admin = space.kafka.admin();
    const topic = `${space.prefix}mesh.metrics`;
    await admin.deleteTopics({ topics: [topic] });
    await eventually(
      () => admin.createTopics({ topics: [{ topic, numPartitions: 6 }] }).catch(() => false),
      (made) => made,
    );
    await admin.disconnect();
    await gap;
    await expect(eventually(() => one.read('mesh.metrics', cursor).catch(unlessGap), Boolean)).rejects.toMatchObject({
      code: 'EVENT_GAP',
    });
    await reader.stop();
  });
});

/** Right after a topic was made the brokers may not know it yet. */
function unlessGap(error: { code: string }): null {
  if (error.code === 'EVENT_LOG_UNREACHABLE') return null;
  throw error;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

async function takeFrom(reader: EventReader, count: number) {
  const seen = [];
  while (seen.length < count) seen.push((await reader.next()).value!);
  return seen;
}

async function countOf({ kafka, prefix }: KafkaSpace, topic: string): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(`${prefix}${topic}`);
  await admin.disconnect();
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}

function event(name: string, subject = name): MeshEvent {
  const data = { tenant: 't', taskId: name, taskClass: 'c', kind: 'QUEUED', status: 'QUEUED', agentId: null, modelId: null };
  return { ...newEvent('task.queued', subject, data, { subgraph: 'agents', nowMs: Date.now() }), id: randomUUID() };
}

function nameOf({ data }: MeshEvent): string {
  return (data as { taskId: string }).taskId;
}

function bySubject(events: readonly MeshEvent[]): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const each of events) (names[each.subject] ??= []).push(nameOf(each));
  return names;
}
