import { describe, expect, it } from 'vitest';
import { pullStream } from '../../../gateway/events/pullStream.js';
import type { EventReader, LoggedEvent } from '../../../subgraphs/shared/eventlog/EventLog.js';

/** A reader that is fed by hand and counts what was asked of it. */
function handFed() {
  const queue: LoggedEvent[] = [];
  let wake: (() => void) | undefined;
  const state = { asked: 0, stopped: 0 };
  const reader: EventReader = {
    next: async () => {
      state.asked++;
      // Like a reader that never notices: only `stop` of the stream above may settle it.
      if (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return { value: queue.shift()!, done: false };
    },
    reached: () => Promise.reject(new Error('nobody asks')),
    stop: async () => void state.stopped++,
    [Symbol.asyncIterator]: () => reader,
  };
  const feed = (cursor: string): void => {
    queue.push({ cursor } as LoggedEvent);
    wake?.();
  };
  return { reader, feed, state };
}

const DONE = { value: undefined, done: true };

describe('pullStream', () => {
  it('asks for an event only when it is asked for one, and skips what is not for the client', async () => {
    const { reader, feed, state } = handFed();
    for (const cursor of ['1', '2', '3', '4']) feed(cursor);
    const stream = pullStream(
      reader,
      async ({ cursor }) => (cursor === '2' ? null : cursor),
      () => undefined,
    );
    expect(state.asked).toBe(0);
    expect(await stream.next()).toEqual({ value: '1', done: false });
    expect(state.asked).toBe(1);
    expect(await stream.next()).toEqual({ value: '3', done: false });
    expect(state.asked).toBe(3);
  });

  it('answers several waiting calls in order', async () => {
    const { reader, feed } = handFed();
    const stream = pullStream(
      reader,
      async ({ cursor }) => cursor,
      () => undefined,
    );
    const both = Promise.all([stream.next(), stream.next()]);
    feed('1');
    feed('2');
    expect(await both).toEqual([
      { value: '1', done: false },
      { value: '2', done: false },
    ]);
  });

  it('settles every waiting call at once when it is returned, although its reader never answers', async () => {
    const { reader, state } = handFed();
    let ends = 0;
    const stream = pullStream(
      reader,
      async ({ cursor }) => cursor,
      () => ends++,
    );
    const waiting = [stream.next(), stream.next()];
    await stream.return!();
    expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
    expect(await stream.next()).toEqual(DONE);
    await stream.return!();
    expect({ ends, stopped: state.stopped }).toEqual({ ends: 1, stopped: 1 });
  });

  it('gives a result that is late to nobody', async () => {
    const { reader, feed } = handFed();
    let finish: (value: string) => void = () => undefined;
    const stream = pullStream(
      reader,
      () => new Promise<string>((resolve) => (finish = resolve)),
      () => undefined,
    );
    feed('1');
    const waiting = stream.next();
    await new Promise((resolve) => setImmediate(resolve));
    await stream.return!();
    finish('too late');
    expect(await waiting).toEqual(DONE);
  });

  it('ends with the error of a delivery', async () => {
    const { reader, feed, state } = handFed();
    let ends = 0;
    const stream = pullStream(
      reader,
      () => Promise.reject(new Error('lost access')),
      () => ends++,
    );
    feed('1');
    await expect(stream.next()).rejects.toThrow('lost access');
    expect(await stream.next()).toEqual(DONE);
    expect({ ends, stopped: state.stopped }).toEqual({ ends: 1, stopped: 1 });
  });

  it('ends with an error from outside: told to who waits, or else to who asks next', async () => {
    const ended = { waiting: 0, busy: 0 };
    const open = (name: keyof typeof ended) =>
      pullStream(
        handFed().reader,
        async () => 'value',
        () => void ended[name]++,
      );
    const waiting = open('waiting');
    const [first, second] = [waiting.next(), waiting.next()];
    waiting.fail(new Error('changed'));
    await expect(first).rejects.toThrow('changed');
    expect(await second).toEqual(DONE);
    expect(await waiting.next()).toEqual(DONE);
    const busy = open('busy');
    busy.fail(new Error('changed'));
    busy.fail(new Error('again'));
    await expect(busy.next()).rejects.toThrow('changed');
    expect(await busy.next()).toEqual(DONE);
    expect(ended).toEqual({ waiting: 1, busy: 1 });
  });
});
