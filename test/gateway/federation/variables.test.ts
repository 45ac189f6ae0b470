import { describe, expect, it } from 'vitest';
import { federate, link } from '../../support/federate.js';

const { run } = federate({
  one: [
    `${link('2.8', 'key', 'context', 'fromContext')}
     type Query { t: T echo(n: Int): String } type T @key(fields: "id") @context(name: "t") { id: ID! u: U }
     type U @key(fields: "id") { id: ID! seen(n: Int, of: ID @fromContext(field: "$t { id }")): String }`,
    {
      Query: { t: () => ({ id: '1', u: { id: 'u' } }), echo: (_: unknown, args: object) => JSON.stringify(args) },
      U: { __resolveReference: (reference: object) => reference, seen: (_: unknown, args: object) => JSON.stringify(args) },
    },
  ],
  two: [
    `${link('2.8', 'key')} type T @key(fields: "id") { id: ID! x(n: Int, in: In): String }
     input In { list: [Int!] = [4] any: Any deep: In } scalar Any`,
    { T: { __resolveReference: (reference: object) => reference, x: (_: unknown, args: object) => JSON.stringify(args) } },
  ],
});

it('nobody sets what is taken from a context by sending a variable of that name', async () => {
  expect(await run('{ t { u { seen } } }', { contextualArgument_1_0: 'forged' })).toEqual({
    data: { t: { u: { seen: '{"of":"1"}' } } },
  });
});

describe('variables', () => {
  it.each([
    [
      'may have the names of the planner’s own',
      'query ($representations: Int, $_client_representations: Int) { t { x(n: $representations) } echo(n: $_client_representations) }',
      { representations: 5, _client_representations: 6 },
      { t: { x: '{"n":5}' }, echo: '{"n":6}' },
    ],
    [
      'may be called like what is taken from a context',
      'query ($contextualArgument_1_0: Int) { t { u { seen(n: $contextualArgument_1_0) } } }',
      { contextualArgument_1_0: 5 },
      { t: { u: { seen: '{"n":5,"of":"1"}' } } },
    ],
    [
      'decide conditions under such a name',
      'query ($representations: Boolean!) { t { id x @include(if: $representations) } }',
      { representations: true },
      { t: { id: '1', x: '{}' } },
    ],
    ['keep their defaults', 'query ($n: Int = 7) { t { x(n: $n) } }', {}, { t: { x: '{"n":7}' } }],
    ['may be null in spite of a default', 'query ($n: Int = 7) { t { x(n: $n) } }', { n: null }, { t: { x: '{"n":null}' } }],
    ['are left out when they are not given', 'query ($n: Int) { t { x(n: $n) } }', {}, { t: { x: '{}' } }],
    [
      'may stand inside lists, objects and scalars',
      'query ($n: Int! = 1, $any: Any) { t { x(in: { list: [0, $n], any: { a: [$any, "s", 1.5, null] }, deep: {} }) } }',
      { any: { b: true } },
      { t: { x: '{"in":{"list":[0,1],"any":{"a":[{"b":true},"s",1.5,null]},"deep":{"list":[4]}}}' } },
    ],
  ])('%s', async (_, query, variables, data) => {
    expect(await run(query, variables)).toEqual({ data });
  });
});
