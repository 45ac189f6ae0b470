import { parse, printSchema, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { federate, link } from '../../support/federate.js';

const secret = { __typename: 'Secret', id: 's', name: 'a secret', hidden: 1 };
const open = { __typename: 'Open', id: 'o', name: 'open', hidden: 2, mood: 'DARK' };

const { supergraph, run } = federate({
  all: [
    `${link('2.8', 'key', 'inaccessible', 'requires', 'external', 'shareable', 'tag')}
     type Query { things: [Thing] strict: [Thing!]! one: Union nodes: [Node] @inaccessible open: Open moods: [Mood] mood: Mood strictMood: Mood!
       find(by: By, secretly: Boolean = true @inaccessible): String internal: Int @inaccessible hiddenOnes: [Secret] @inaccessible }
     interface Thing { id: ID! name: String hidden: Int @inaccessible }
     interface Node @inaccessible { id: ID! }
     interface Visible { id: ID! }
     union Union = Open | Secret
     type Open implements Thing & Node & Visible @key(fields: "id") { id: ID! name: String hidden: Int @inaccessible mood: Mood by(extra: Int = 4 @inaccessible, shown: Int): Int }
     type Secret implements Thing & Node & Visible @inaccessible { id: ID! name: String hidden: Int }
     enum Mood { BRIGHT DARK @inaccessible }
     input By { id: ID secret: String = "from within" @inaccessible }
     scalar Odd @inaccessible
     input Unused @inaccessible { a: Odd }`,
    {
      Query: {
        things: () => [open, secret],
        strict: () => [open, secret],
        one: () => secret,
        open: () => open,
        mood: () => 'DARK',
        strictMood: () => 'DARK',
        moods: () => ['BRIGHT', 'DARK'],
        find: (_: unknown, { by, secretly }: { by?: { secret: string }; secretly: boolean }) => `${by?.secret} ${secretly}`,
      },
      Open: {
        __resolveReference: () => open,
        by: (_: unknown, { extra, shown }: { extra: number; shown: number }) => extra + shown,
      },
    },
  ],
  other: [
    `${link('2.8', 'key', 'requires', 'external')} type Open @key(fields: "id") { id: ID! hidden: Int @external shown: Int @requires(fields: "hidden") }`,
    { Open: { __resolveReference: (reference: object) => reference, shown: ({ hidden }: { hidden: number }) => hidden * 10 } },
  ],
});

describe('what is inaccessible', () => {
  it('is not in the schema that clients see, wherever it stands', () => {
    const text = printSchema(supergraph.apiSchema);
    for (const hidden of [
      'hidden',
      'Secret',
      'secret',
      'Node',
      'DARK',
      'secretly',
      'internal',
      'extra',
      'Odd',
      'Unused',
      'inaccessible',
    ])
      expect(text, hidden).not.toMatch(new RegExp(`\\b${hidden}\\b`));
  });

  it.each([
    '{ internal }',
    '{ open { hidden } }',
    '{ things { ... on Secret { id } } }',
    '{ things { ... on Node { id } } }',
    '{ find(secretly: false) }',
    '{ find(by: { secret: "x" }) }',
    '{ open { by(extra: 1, shown: 1) } }',
    'query ($u: Unused) { find }',
  ])('cannot be asked for: %s', (query) => {
    expect(validate(supergraph.apiSchema, parse(query)).length).toBeGreaterThan(0);
  });

  it('cannot be sent inside a variable either', async () => {
    await expect(run('query ($by: By) { find(by: $by) }', { by: { secret: 'x' } })).rejects.toThrow(/"secret"/);
  });

  it('is used by the subgraphs all the same: defaults, and what others require', async () => {
    expect(await run('{ find(by: { id: 1 }) open { by(shown: 1) shown } }')).toEqual({
      data: { find: 'from within true', open: { by: 5, shown: 20 } },
    });
  });

  it('is null where a subgraph says it, without an error', async () => {
    expect(await run('{ things { id } one { ... on Open { id } } mood moods open { mood } }')).toEqual({
      data: { things: [{ id: 'o' }, null], one: null, mood: null, moods: ['BRIGHT', null], open: { mood: null } },
    });
  });

  it('takes what may not be null with it, and then says where', async () => {
    const { data, errors } = await run('{ strictMood }');
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ path: ['strictMood'], extensions: { code: 'INVALID_SUBGRAPH_DATA' } }]);
    expect((await run('{ strict { id } }')).errors).toMatchObject([{ path: ['strict', 1] }]);
  });
});
