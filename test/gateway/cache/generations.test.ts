import { describe, expect, it } from 'vitest';
import { createGenerations } from '../../../gateway/cache/generations.js';
import { encodeCursor } from '../../../subgraphs/shared/eventlog/cursor.js';
import type { MeshEvent, MeshEventType } from '../../../subgraphs/shared/events.js';

const cursor = (...offsets: number[]): string => encodeCursor({ topic: 'mesh.catalog', epoch: 'e1', offsets });
const event = (type: MeshEventType | 'unheard.of'): MeshEvent => ({ type }) as MeshEvent;

function follow(start: string, ...events: [MeshEventType | 'unheard.of', string][]) {
  let now = 10_000;
  const generations = createGenerations(() => now);
  generations.began(start);
  for (const [type, at] of events) generations.saw(event(type), at);
  return { ...generations, advance: (ms: number) => void (now += ms) };
}

describe('the generation of a subgraph', () => {
  it('is unknown until the catalog is followed, and again when it is not any more', () => {
    const generations = createGenerations(() => 0);
    expect(generations.of(['agents'])).toBeNull();
    generations.began(cursor(3));
    expect(generations.of(['agents'])).not.toBeNull();
    generations.lost();
    expect(generations.of(['agents'])).toBeNull();
  });

  it.each([
    ['agent.changed', 'agents'],
    ['model.changed', 'models'],
    ['policy.changed', 'policies'],
    ['budget.changed', 'costs'],
  ] as const)('changes with %s for %s and no other', (type, subgraph) => {
    const before = follow(cursor(3));
    const after = follow(cursor(3), [type, cursor(4)]);
    for (const name of ['agents', 'models', 'policies', 'costs', 'evaluations'])
      expect(after.of([name]) === before.of([name]), name).toBe(name !== subgraph);
    expect(after.of(['evaluations', subgraph])).not.toBe(before.of(['evaluations', subgraph]));
  });

  it('changes for all with an event that nobody here knows', () => {
    const before = follow(cursor(3));
    const after = follow(cursor(3), ['unheard.of', cursor(4)]);
    for (const name of ['agents', 'models', 'evaluations']) expect(after.of([name])).not.toBe(before.of([name]));
  });

  it('is the same for all who have seen the same, since when ever they follow', () => {
    const early = follow(cursor(3), ['agent.changed', cursor(4)], ['model.changed', cursor(5)]);
    const late = follow(cursor(4), ['model.changed', cursor(5)]);
    expect(late.of(['agents'])).toBe(early.of(['agents']));
    expect(late.of(['models', 'agents'])).toBe(early.of(['agents', 'models']));
    const latest = follow(cursor(5));
    expect(latest.of(['agents'])).not.toBe(early.of(['agents']));
    latest.saw(event('agent.changed'), cursor(6));
    early.saw(event('agent.changed'), cursor(6));
    expect(latest.of(['agents'])).toBe(early.of(['agents']));
  });

  it('is the same in whatever order the partitions came', () => {
    const one = follow(
      cursor(1, 1),
      ['agent.changed', cursor(2, 1)],
      ['model.changed', cursor(2, 2)],
      ['agent.changed', cursor(2, 3)],
    );
    const other = follow(
      cursor(1, 1),
      ['model.changed', cursor(1, 2)],
      ['agent.changed', cursor(1, 3)],
      ['agent.changed', cursor(2, 3)],
    );
    for (const name of ['agents', 'models']) expect(one.of([name])).toBe(other.of([name]));
    const lagging = follow(cursor(1, 1), ['model.changed', cursor(1, 2)], ['agent.changed', cursor(1, 3)]);
    expect(lagging.of(['agents'])).not.toBe(one.of(['agents']));
    expect(lagging.of(['models'])).toBe(one.of(['models']));
  });

  it('is another one in another life of the log', () => {
    const again = createGenerations(() => 0);
    again.began(encodeCursor({ topic: 'mesh.catalog', epoch: 'e2', offsets: [3] }));
    expect(again.of(['agents'])).not.toBe(follow(cursor(3)).of(['agents']));
  });

  it('is not to be used for two seconds after a mutation here, so that callers read what they wrote', () => {
    const generations = follow(cursor(3));
    const before = generations.of(['models']);
    generations.wrote(['agents']);
    expect(generations.of(['agents', 'models'])).toBeNull();
    expect(generations.of(['models'])).toBe(before);
    generations.advance(1_999);
    expect(generations.of(['agents'])).toBeNull();
    generations.advance(1);
    expect(generations.of(['agents'])).not.toBeNull();
  });
});
