import { expect, it } from 'vitest';
import { compileRepresentation, type IsOptional } from '../../../gateway/execution/compileRepresentation.js';
import type { IsPossibleType } from '../../../gateway/execution/rewrites.js';
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

function represent(
  entity: Record<string, unknown>,
  required: QueryPlanSelectionNode[],
  isPossible: IsPossibleType,
  isOptional?: IsOptional,
): { value: unknown; missing: string[] } {
  const missing: string[] = [];
  const text = compileRepresentation(required, isPossible, isOptional)(entity)?.text(entity, missing);
  return { value: text === undefined ? undefined : (JSON.parse(text) as unknown), missing };
}

it('joins what several fragments require of the items of one list', () => {
  const order = { __typename: 'Order', lines: [{ price: 1, weight: 2, parts: [[{ a: 1, b: 2 }]] }, null] };
  const required = [
    on('Order', [field('__typename'), field('lines', [field('price'), field('parts', [field('a')])])]),
    on('Document', [field('lines', [field('weight'), field('parts', [field('b')])])]),
  ];
  expect(represent(order, required, () => true).value).toEqual(order);
  expect(represent(order, required, (typeName, condition) => typeName === condition).value).toEqual({
    __typename: 'Order',
    lines: [{ price: 1, parts: [[{ a: 1 }]] }, null],
  });
});

it('gives nothing where something required is missing, and takes null for a value', () => {
  expect(represent({ id: null }, [field('id')], () => true).value).toEqual({ id: null });
  expect(represent({ id: '1' }, [field('id'), field('price')], () => true).value).toBeUndefined();
});

it('leaves out what is needed for some fields only, and says so', () => {
  const required = [on('Order', [field('__typename'), field('id'), field('price'), field('dims', [field('w')])])];
  const isOptional: IsOptional = (_, name) => name !== 'id';
  expect(represent({ __typename: 'Order', id: '1', dims: {} }, required, () => true, isOptional)).toEqual({
    value: { __typename: 'Order', id: '1' },
    missing: ['price', 'dims'],
  });
  expect(represent({ __typename: 'Order', price: 1 }, required, () => true, isOptional).value).toBeUndefined();
});
