import { expect, it } from 'vitest';
import type { FetchNode, QueryPlanSelectionNode } from '../../../gateway/planner/federation.js';
import { withKeys } from '../../../gateway/planner/withKeys.js';
import { federate, link } from '../../support/federate.js';

const { supergraph } = federate({
  types: [
    `${link('2.11', 'key')} type Query { some: [Eel]! }
     interface Eel @key(fields: "id no") { id: ID! no: Int! size: Int! }
     type Fox implements Eel @key(fields: "id no") { id: ID! no: Int! size: Int! }
     type Gnu implements Eel @key(fields: "id no") { id: ID! no: Int! size: Int! }`,
  ],
  computes: [
    `${link('2.11', 'key', 'external', 'requires', 'interfaceObject')}
     type Eel @interfaceObject @key(fields: "id no") { id: ID! no: Int! size: Int! @external digest: String @requires(fields: "size") }`,
  ],
});

const on = (typeCondition: string, ...names: string[]): QueryPlanSelectionNode => ({
  kind: 'InlineFragment',
  typeCondition,
  selections: names.map((name) => ({ kind: 'Field', name })),
});

function sent(...requires: QueryPlanSelectionNode[]): readonly QueryPlanSelectionNode[] | undefined {
  const fetch: FetchNode = {
    kind: 'Fetch',
    serviceName: 'computes',
    operation: '{ a }',
    operationKind: 'query',
    requires,
  } as never;
  return withKeys(fetch, supergraph).requires;
}

it('sends what an interface has only of the types whose key is sent', () => {
  expect(sent(on('Gnu', '__typename', 'id', 'no'), on('Eel', '__typename', 'size'))).toEqual([
    on('Gnu', '__typename', 'id', 'no'),
    on('Gnu', '__typename', 'size'),
  ]);
});

it('does not take a part of a key for one', () => {
  expect(sent(on('Gnu', 'id', 'no'), on('Eel', 'id', 'size'))).toEqual([on('Gnu', 'id', 'no'), on('Gnu', 'id', 'size')]);
});

it('leaves what is sent with keys, those in fragments among them', () => {
  const all = [on('Gnu', 'id', 'no'), on('Eel', 'no', 'id', 'size')];
  expect(sent(...all)).toEqual(all);
  const nested: QueryPlanSelectionNode = { kind: 'InlineFragment', typeCondition: 'Fox', selections: [on('Fox', 'id', 'no')] };
  expect(sent(on('Gnu', 'id', 'no'), nested)).toEqual([on('Gnu', 'id', 'no'), nested]);
});

it('leaves what is sent of one type beside the key of its interface', () => {
  const all = [on('Eel', 'id', 'no'), on('Gnu', 'size')];
  expect(sent(...all)).toEqual(all);
});
