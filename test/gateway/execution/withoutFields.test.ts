import { expect, it } from 'vitest';
import type { FetchStep } from '../../../gateway/execution/compileFetch.js';
import { withoutFields } from '../../../gateway/execution/withoutFields.js';

const query =
  'query($representations:[_Any!]!,$n:Int,$m:Int,$on:Boolean!){_entities(representations:$representations){...on Ant{__typename a:x(n:$n) y(n:$m)}...on Bee@include(if:$on){a:z(n:$n)}}}';
const variables = ['n', 'm', 'on'];
const step = {
  kind: 'fetch',
  node: { kind: 'Fetch', serviceName: 's', operation: query, operationKind: 'query', requires: [], variableUsages: variables },
  operation: { query, kind: 'query' },
  variables,
  ends: [],
} as unknown as FetchStep;

it('leaves out fields by their response names, with the variables and fragments that nothing is left of', () => {
  const left = withoutFields(step, new Set(['a']));
  const expected =
    'query($representations:[_Any!]!$m:Int){_entities(representations:$representations){...on Ant{__typename y(n:$m)}}}';
  expect([left.operation.query, left.node.operation]).toEqual([expected, expected]);
  expect([left.variables, left.node.variableUsages]).toEqual([['m'], ['m']]);
  expect(step.operation.query).toBe(query);
});

it('makes each smaller fetch once', () => {
  const names = (...all: string[]) => withoutFields(step, new Set(all)).node;
  expect(names('a', 'y')).toBe(names('y', 'a'));
  expect(names('y')).not.toBe(names('a'));
});
