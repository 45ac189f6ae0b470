import { expect, it } from 'vitest';
import { project } from '../../../gateway/execution/rewrites.js';
import type { QueryPlanSelectionNode } from '../../../gateway/planner/federation.js';

const field = (name: string, selections?: QueryPlanSelectionNode[]): QueryPlanSelectionNode => ({
  kind: 'Field',
  name,
  ...(selections && { selections }),
});
const on = (typeCondition: string, selections: QueryPlanSelectionNode[]): QueryPlanSelectionNode => ({
  kind: 'InlineFragment',
  typeCondition,
  selections,
});

it('joins what several fragments require of the items of one list', () => {
  const order = { __typename: 'Order', lines: [{ price: 1, weight: 2, parts: [[{ a: 1, b: 2 }]] }, null] };
  const required = [
    on('Order', [field('__typename'), field('lines', [field('price'), field('parts', [field('a')])])]),
    on('Document', [field('lines', [field('weight'), field('parts', [field('b')])])]),
  ];
  expect(project(order, required, () => true)).toEqual(order);
  expect(project(order, required, (typeName, condition) => typeName === condition)).toEqual({
    __typename: 'Order',
    lines: [{ price: 1, parts: [[{ a: 1 }]] }, null],
  });
});

it('gives nothing where something required is missing, and takes null for a value', () => {
  expect(project({ id: null }, [field('id')], () => true)).toEqual({ id: null });
  expect(project({ id: '1' }, [field('id'), field('price')], () => true)).toBeUndefined();
});
