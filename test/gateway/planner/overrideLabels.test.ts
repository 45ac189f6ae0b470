import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { printPlan } from '../../../gateway/planner/printPlan.js';
import { federate, link, type Subgraphs } from '../../support/federate.js';

const subgraphs: Subgraphs = {
  old: [
    `${link('2.7', 'key')} type Query { order: Order other: Int }
     type Order @key(fields: "id") { id: ID! status: String total: Int note: String }`,
    { Query: { order: () => ({ id: '1', status: 'old', total: 1, note: 'old' }) } },
  ],
  fresh: [
    `${link('2.7', 'key', 'override')}
     type Order @key(fields: "id") { id: ID!
       status: String @override(from: "old", label: "percent(25.5)")
       total: Int @override(from: "old", label: "fresh.total") }`,
    {
      Order: {
        __resolveReference: ({ id }: { id: string }) => ({ id, status: 'fresh', total: 2 }),
      },
    },
  ],
};

/** One draw after the other. */
function draws(...values: number[]): () => number {
  return () => values.shift()!;
}

describe('a percentage', () => {
  it('decides by chance, anew for each time an operation runs', async () => {
    const { run, asked } = federate(subgraphs, { random: draws(0.25, 0.2549, 0.255, 0.99) });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push((await run('{ order { status } }')).data);
    expect(answers.map((data) => (data!['order'] as { status: string }).status)).toEqual(['fresh', 'fresh', 'old', 'old']);
    expect(asked.filter((query) => query.startsWith('fresh'))).toHaveLength(2);
  });

  it('is not drawn for operations without the field', async () => {
    const { run } = federate(subgraphs, {
      random: () => {
        throw new Error('nothing is to be drawn');
      },
    });
    expect((await run('{ order { note } }')).data).toEqual({ order: { note: 'old' } });
  });
});

describe('a label of any other form', () => {
  it('is off unless it is named', async () => {
    expect((await federate(subgraphs).run('{ order { total } }')).data).toEqual({ order: { total: 1 } });
    const enabled = federate(subgraphs, { overrideLabels: new Set(['fresh.total']) });
    expect((await enabled.run('{ order { total } }')).data).toEqual({ order: { total: 2 } });
  });
});

describe('plans', () => {
  it('are kept one for each combination of the labels that an operation meets', () => {
    const { planner } = federate(subgraphs, { random: draws(0, 0.9, 0, 0.9) });
    const document = parse('{ order { status total } }');
    const [on, off, onAgain, offAgain] = [1, 2, 3, 4].map(() => planner.plan(document));
    expect([onAgain, offAgain]).toEqual([on, off]);
    expect(onAgain).toBe(on);
    expect(offAgain).toBe(off);
    expect(printPlan(on!)).toContain('fetch from fresh');
    expect(printPlan(off!)).not.toContain('fetch from fresh');
    expect(planner.isKept(document)).toBe(true);
    expect(planner.isKept(parse('{ order { status } }'))).toBe(false);
  });
});
