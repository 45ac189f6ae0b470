import { expect, it } from 'vitest';
import type { FetchNode, PlanNode } from '../../../gateway/planner/federation.js';
import { joinFetches } from '../../../gateway/planner/joinFetches.js';
import type { RequiredInputs } from '../../../gateway/planner/requiredInputs.js';
import { federate, link } from '../../support/federate.js';

/** `stock` knows how many there are, and computes what they cost from what `price` knows. */
const shop = {
  shop: [
    `${link('2.9', 'key')} type Query { things: [Thing!]! } type Thing @key(fields: "id") { id: ID! }`,
    { Query: { things: () => [{ id: '1' }, { id: '2' }] } },
  ] as const,
  price: [
    `${link('2.9', 'key')} type Thing @key(fields: "id") { id: ID! weight: Int }`,
    { Thing: { __resolveReference: ({ id }: { id: string }) => (id === '1' ? { id, weight: 10 } : null) } },
  ] as const,
  stock: [
    `${link('2.9', 'key', 'external', 'requires')}
    type Thing @key(fields: "id") { id: ID! weight: Int @external count(at: String): String cost: Int @requires(fields: "weight") }`,
    {
      Thing: {
        __resolveReference: (thing: object) => thing,
        count: (_: unknown, { at = 'all' }: { at?: string }) => `5 at ${at}`,
        cost: ({ weight }: { weight: number }) => weight * 2,
      },
    },
  ] as const,
};

it('asks a subgraph once for what it knows and for what it computes, when nothing waits for the first', async () => {
  const mesh = federate(shop);
  const { data, errors } = await mesh.run('{ things { count cost } }');
  // The second has no weight: what is computed from it is null, what is not is there.
  expect(data).toEqual({
    things: [
      { count: '5 at all', cost: 20 },
      { count: '5 at all', cost: null },
    ],
  });
  expect(errors).toBeUndefined();
  // The second is not asked for what cannot be computed, so it is asked apart.
  expect(mesh.asked.map((text) => text.split(':')[0])).toEqual(['shop', 'price', 'stock', 'stock']);
  expect(mesh.asked.map((text) => text.includes('cost'))).toEqual([false, false, true, false]);
});

it('keeps the variables and the conditions of both', async () => {
  const mesh = federate(shop);
  const query = 'query($at: String, $on: Boolean!) { things { count(at: $at) cost @include(if: $on) } }';
  const costs = async (on: boolean): Promise<unknown> => (await mesh.run(query, { at: 'home', on })).data;
  expect(await costs(true)).toEqual({ things: [20, null].map((cost) => ({ count: '5 at home', cost })) });
  expect(await costs(false)).toEqual({ things: [20, null].map(() => ({ count: '5 at home' })) });
});

const inputs: RequiredInputs = {
  isKey: (_, __, name) => name === 'id' || name === 'code',
  hasKey: (_, __, names) => names.has('id') || names.has('code'),
  neededBy: () => new Set(),
};

function stock(required: string, field: string, more: Partial<FetchNode> = {}): PlanNode {
  const selections = required.split(' ').map((name) => ({ kind: 'Field' as const, name }));
  return {
    kind: 'Flatten',
    path: ['things', '@'],
    node: {
      kind: 'Fetch',
      serviceName: 'stock',
      requires: [{ kind: 'InlineFragment', typeCondition: 'Thing', selections }],
      operation: `query($representations:[_Any!]!){_entities(representations:$representations){...on Thing{${field}}}}`,
      operationName: undefined,
      operationKind: 'query' as FetchNode['operationKind'],
      ...more,
    },
  };
}

/** What is fetched from stock after `price`, and what at once with it. */
function joined(alone: PlanNode, later: PlanNode): number {
  const price = stock('__typename id', 'weight', { serviceName: 'price' });
  const plan = joinFetches({ kind: 'Parallel', nodes: [alone, { kind: 'Sequence', nodes: [price, later] }] }, inputs);
  return plan.kind === 'Parallel' ? plan.nodes.length : 1;
}

it('joins only what is known by the same keys, in the same places, under names that agree', () => {
  const later = stock('__typename id weight', 'cost');
  expect(joined(stock('__typename id', 'count'), later)).toBe(1);
  expect(joined(stock('__typename code', 'count'), later)).toBe(2);
  expect(joined(stock('__typename id', 'cost: count'), later)).toBe(2);
  expect(joined(stock('__typename id', 'count', { id: '1' }), later)).toBe(2);
  expect(joined(stock('__typename id', 'count', { serviceName: 'other' }), later)).toBe(2);
  expect(joined({ ...stock('__typename id', 'count'), path: ['others', '@'] } as PlanNode, later)).toBe(2);
});
