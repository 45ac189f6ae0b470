import { describe, expect, it } from 'vitest';
import { conflate } from '../../../gateway/events/conflate.js';
import { pullStream } from '../../../gateway/events/pullStream.js';
import type { EventFeed, LoggedEvent } from '../../../subgraphs/shared/eventlog/EventLog.js';

const DONE = { value: undefined, done: true };

/** A reader over a list of events that may grow, from a position on; like the real one it waits at the end for ever. */
function readerOf(log: LoggedEvent[], from = 0) {
  const state = { asked: 0, stopped: 0, grow: () => undefined as void, failure: undefined as Error | undefined };
  let position = from;
  const reader: EventFeed = {
    next: async () => {
      state.asked++;
      while (position >= log.length) {
        if (state.failure) throw state.failure;
        await new Promise<void>((resolve) => (state.grow = resolve));
      }
      return { value: log[position++]!, done: false };
    },
    stop: async () => void state.stopped++,
    [Symbol.asyncIterator]: () => reader,
  };
  return { reader, state };
}

/** `a1`: the first window of agent a. The cursor is the position in the log. */
function eventsOf(...names: string[]): LoggedEvent[] {
  return names.map((name, index) => ({ cursor: String(index + 1), event: { subject: name[0], id: name } }) as LoggedEvent);
}
const idOf = (result: IteratorResult<LoggedEvent>): string => (result.value as LoggedEvent).event.id;
/** Lets what can be read be read. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
const all = () => true;

describe('conflate', () => {
  it('gives a client that keeps up every event', async () => {
    const log = eventsOf('a1');
    const { reader, state } = readerOf(log);
    const stream = conflate(reader, all);
    expect(state.asked).toBe(0);
    expect(idOf(await stream.next())).toBe('a1');
    for (const name of ['a2', 'b1', 'a3']) {
      const next = stream.next();
      log.push(...eventsOf(name));
      state.grow();
      expect(idOf(await next)).toBe(name);
    }
  });

  it('gives a client that reads slowly only the newest event of each entity, in the order of the log', async () => {
    const { reader } = readerOf(eventsOf('a1', 'a2', 'b1', 'a3', 'c1', 'b2', 'a4'));
    const stream = conflate(reader, all);
    const first = stream.next();
    await turn();
    expect(idOf(await first)).toBe('a1');
    expect([idOf(await stream.next()), idOf(await stream.next()), idOf(await stream.next())]).toEqual(['c1', 'b2', 'a4']);
  });

  it('leaves out what nobody wants before anything is kept for it', async () => {
    const { reader } = readerOf(eventsOf('a1', 'x1', 'x2', 'b1'));
    const stream = conflate(reader, ({ event }) => event.subject !== 'x');
    expect([idOf(await stream.next()), idOf(await stream.next())]).toEqual(['a1', 'b1']);
  });

  it('resumes after the last cursor without giving again what was given or replaced before it', async () => {
    const log = eventsOf('a1', 'a2', 'b1', 'a3', 'b2');
    const first = conflate(readerOf(log).reader, all);
    await first.next();
    await turn();
    const { cursor, event } = (await first.next()).value as LoggedEvent;
    expect(event.id).toBe('a3');
    await first.stop();
    log.push(...eventsOf('c1'));
    const second = conflate(readerOf(log, Number(cursor)).reader, all);
    expect([idOf(await second.next()), idOf(await second.next())]).toEqual(['b2', 'c1']);
  });

  it('keeps one event an entity however slowly it is read', async () => {
    const log: LoggedEvent[] = [];
    const { reader, state } = readerOf(log);
    const stream = conflate(reader, all);
    const first = stream.next();
    for (let round = 0; round < 1_000; round++) log.push(...eventsOf(`a${round}`, `b${round}`, `c${round}`));
    state.grow();
    await first;
    await turn();
    expect(state.asked).toBe(3_001);
    const rest = [await stream.next(), await stream.next(), await stream.next()].map(idOf);
    expect(rest).toEqual(['a999', 'b999', 'c999']);
  });

  it('settles every waiting call at once when it is stopped, although its reader never answers', async () => {
    const { reader, state } = readerOf([]);
    const stream = conflate(reader, all);
    const waiting = [stream.next(), stream.next()];
    await stream.return!();
    expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
    expect(await stream.next()).toEqual(DONE);
    expect(state.stopped).toBe(1);
  });

  it('gives what it has, then the error of its reader, then nothing', async () => {
    const { reader, state } = readerOf(eventsOf('a1', 'b1'));
    state.failure = new Error('EVENT_GAP');
    const stream = conflate(reader, all);
    expect([idOf(await stream.next()), idOf(await stream.next())]).toEqual(['a1', 'b1']);
    await expect(stream.next()).rejects.toThrow('EVENT_GAP');
    expect(await stream.next()).toEqual(DONE);
  });

  it('under a deliberately slow delivery passes over the windows in between', async () => {
    const log = eventsOf('a1');
    const { reader, state } = readerOf(log);
    let finish: () => void = () => undefined;
    const stream = pullStream(
      conflate(reader, all),
      async ({ event }) => {
        await new Promise<void>((resolve) => (finish = resolve));
        return event.id;
      },
      () => undefined,
    );
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      const next = stream.next();
      await turn();
      for (let n = 0; n < 10; n++) log.push(...eventsOf(`a${round}.${n}`, `b${round}.${n}`));
      state.grow();
      await turn();
      finish();
      seen.push((await next).value as string);
    }
    // What came first while the client was busy was replaced; each later one is of the newest round.
    expect(seen).toEqual(['a1', 'a0.9', 'a1.9']);
    await stream.return!();
  });
});
