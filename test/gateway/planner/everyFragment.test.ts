import { describe, expect, it } from 'vitest';
import { federate, link } from '../../support/federate.js';

const common = { __typename: 'Common', label: 'common' };
const a = { __typename: 'OnlyA', a: 'a' };
const b = { __typename: 'OnlyB', b: 'b' };
const subgraph = (letter: string, value: object) =>
  [
    `${link('2.8', 'key', 'shareable')}
     type Query { from${letter}: Box shared: Box @shareable }
     type Box @key(fields: "id") { id: ID! content: Content @shareable own${letter}: Content }
     type Content @shareable { parts: [Part!]! face: Face }
     union Part = Common | Only${letter}
     interface Face { label: String }
     type Common implements Face @shareable { label: String }
     type Only${letter} implements Face { label: String ${letter.toLowerCase()}: String }`,
    {
      Query: { [`from${letter}`]: () => ({ id: '1' }), shared: () => ({ id: '1', shared: true }) },
      Box: {
        __resolveReference: (box: object) => box,
        content: (box: { shared?: boolean }) =>
          box.shared ? { parts: [common], face: common } : { parts: [common, value], face: value },
        [`own${letter}`]: () => ({ parts: [value] }),
      },
    },
  ] as const;
const { run, asked } = federate({ one: subgraph('A', a), two: subgraph('B', b) });
const PARTS = '{ __typename ... on Common { label } ... on OnlyA { a } ... on OnlyB { b } }';

describe('a fragment on a type that one subgraph alone has in a shared union or interface', () => {
  it.each([
    [
      'is fetched where the object comes from',
      `{ fromA { content { parts ${PARTS} } } }`,
      { fromA: { content: { parts: [common, a] } } },
    ],
    ['whichever subgraph that is', `{ fromB { content { parts ${PARTS} } } }`, { fromB: { content: { parts: [common, b] } } }],
    [
      'also on an interface',
      '{ fromA { content { face { __typename ... on OnlyA { a } ... on OnlyB { b } } } } }',
      { fromA: { content: { face: a } } },
    ],
    [
      'is nothing where the object never has the type',
      '{ fromA { content { parts { __typename ... on OnlyB { b } } } } }',
      { fromA: { content: { parts: [{ __typename: 'Common' }, { __typename: 'OnlyA' }] } } },
    ],
    ['is read by the way that the client takes', `{ fromA { ownB { parts ${PARTS} } } }`, { fromA: { ownB: { parts: [b] } } }],
    [
      'harms nothing where all give the same',
      `{ shared { content { parts ${PARTS} } } }`,
      { shared: { content: { parts: [common] } } },
    ],
  ])('%s', async (_, query, data) => {
    expect(await run(query)).toEqual({ data });
  });

  it('costs no fetch', async () => {
    const before = asked.length;
    await run(`{ fromA { content { parts ${PARTS} } } }`);
    expect(asked.length).toBe(before + 1);
  });
});
