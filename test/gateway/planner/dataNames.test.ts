import { parse, visit, type FieldNode } from 'graphql';
import { expect, it } from 'vitest';
import { createDataNames } from '../../../gateway/planner/dataNames.js';
import { responseName } from '../../../gateway/planner/rootFields.js';

const names = { needed: new Set(['__typename', 'id', 'price']), argued: new Set(['price']), throughInterfaces: false };

it('gives every field that could meet another one a name of its own', () => {
  const fields: FieldNode[] = [];
  visit(
    parse(
      '{ id a: name id: name price(in: "EUR") price: id __typename t: __typename _as1_a_b: c _as1_a_b items(id: 1) id(of: 2) }',
    ),
    {
      Field: (field) => void (field.selectionSet || fields.push(field)),
    },
  );
  const dataName = createDataNames(names);
  const told = fields.map((field) => [responseName(field), dataName(field)]);
  expect(told.filter(([client, data]) => client === data).map(([client]) => client)).toEqual([
    'id',
    'a',
    '__typename',
    't',
    '_as1_a_b',
    'items',
  ]);
  expect(new Set(told.map(([, data]) => data)).size).toBe(told.length);
});
