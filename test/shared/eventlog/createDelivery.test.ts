import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { createDelivery, type DeadLetter } from '../../../subgraphs/shared/eventlog/createDelivery.js';
import type { MeshEvent } from '../../../subgraphs/shared/events.js';

const events = ['a', 'b', 'poison', 'c'].map((id) => ({ id }) as MeshEvent);

/** Calls until everything is done with, as consumers do, and says how often. */
async function work(delivery: ReturnType<typeof createDelivery>, all: readonly MeshEvent[]): Promise<number> {
  let calls = 0;
  for (let from = 0; from < all.length;) {
    calls++;
    from += await delivery.attempt(all.slice(from)).catch(() => 0);
    if (calls > 200) throw new Error('it never ends');
  }
  return calls;
}

function open(handle: (batch: readonly MeshEvent[]) => void, putAside?: (letter: DeadLetter) => void) {
  const letters: DeadLetter[] = [];
  const delivery = createDelivery({
    group: 'g',
    topic: 'mesh.tasks',
    system: 'agent_mesh',
    log: pino({ level: 'silent' }),
    handle: async (_, batch) => handle(batch),
    putAside: async (letter) => {
      putAside?.(letter);
      letters.push(letter);
    },
  });
  return { delivery, letters };
}

function refuse(batch: readonly MeshEvent[], id: string, error: Error = new Error('bad')): void {
  if (batch.some((each) => each.id === id)) throw error;
}

describe('a delivery', () => {
  it('hands over whole batches while nothing fails', async () => {
    const sizes: number[] = [];
    const { delivery } = open((batch) => void sizes.push(batch.length));
    expect(await work(delivery, events)).toBe(1);
    expect(sizes).toEqual([4]);
  });

  it('narrows a batch down to the event that spoils it, and hands over batches again after it', async () => {
    const handled: string[][] = [];
    const { delivery, letters } = open((batch) => {
      refuse(batch, 'poison');
      handled.push(batch.map(({ id }) => id));
    });
    await work(delivery, events);
    expect(handled).toEqual([['a'], ['b'], ['c']]);
    expect(letters).toEqual([{ group: 'g', topic: 'mesh.tasks', event: { id: 'poison' }, error: 'Error: bad' }]);
    await work(
      delivery,
      ['d', 'e'].map((id) => ({ id }) as MeshEvent),
    );
    expect(handled.at(-1)).toEqual(['d', 'e']);
  });

  it('puts nothing aside for an event that is handled at the fifth try', async () => {
    let failures = 0;
    const { delivery, letters } = open(() => {
      if (failures++ < 4) throw new Error('not yet');
    });
    expect(await work(delivery, events.slice(0, 1))).toBe(5);
    expect(letters).toEqual([]);
  });

  it.each([
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })],
    ['a deadlock', Object.assign(new Error('x'), { code: '40P01' })],
    ['a server that shuts down', Object.assign(new Error('x'), { code: '57P01' })],
    ['a connection that pg lost', new Error('Connection terminated unexpectedly')],
    ['a cause below', new Error('x', { cause: new Error('y', { cause: Object.assign(new Error('z'), { code: '08006' }) }) })],
    ['one of several', new AggregateError([new Error('x'), Object.assign(new Error('y'), { code: 'ECONNRESET' })])],
  ])('waits for broken infrastructure however long it takes: %s', async (_, error) => {
    let failures = 0;
    const { delivery, letters } = open(() => {
      if (failures++ < 100) throw error;
    });
    expect(await work(delivery, events)).toBe(101);
    expect(letters).toEqual([]);
  });

  it.each([
    ['a constraint', Object.assign(new Error('x'), { code: '23505' })],
    ['a value out of range', Object.assign(new Error('x'), { code: '22003' })],
    ['a mistake in the code', new TypeError('x is undefined')],
  ])('does not wait for %s', async (_, error) => {
    const { delivery, letters } = open((batch) => refuse(batch, 'poison', error));
    await work(delivery, events);
    expect(letters).toHaveLength(1);
  });

  it('does not go past an event that it could not put aside', async () => {
    let failures = 0;
    const { delivery, letters } = open(
      (batch) => refuse(batch, 'poison'),
      () => {
        if (failures++ < 3) throw new Error('no place for it');
      },
    );
    await work(delivery, events);
    expect(failures).toBe(4);
    expect(letters).toHaveLength(1);
  });

  it('does not blame an event for the failures of another that somebody else has handled in the meantime', async () => {
    const seen: string[] = [];
    const { delivery, letters } = open((batch) => {
      seen.push(batch[0]!.id);
      throw new Error('bad');
    });
    for (let tries = 0; tries < 4; tries++) await delivery.attempt(events.slice(0, 1)).catch(() => undefined);
    for (let tries = 0; tries < 4; tries++) await delivery.attempt(events.slice(1, 2)).catch(() => undefined);
    expect(letters).toEqual([]);
    expect(seen).toHaveLength(8);
  });
});
