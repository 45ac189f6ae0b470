import { parse, visit, type FieldNode, type OperationDefinitionNode } from 'graphql';
import { expect, it } from 'vitest';
import { createDataNames, responseNameOf } from '../../../gateway/planner/dataNames.js';
import { responseName } from '../../../gateway/planner/rootFields.js';

const names = {
  needed: new Set(['__typename', 'id', 'price']),
  argued: new Set(['price']),
  throughInterfaces: new Set<string>(),
};

it('gives every field that could meet another one a name of its own, and the client’s name can be read from it', () => {
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
    'items',
  ]);
  for (const field of fields) expect(responseNameOf(dataName(field))).toBe(responseName(field));
});

it('tells apart what one alias stands for on different types behind an interface object', () => {
  const [operation] = parse('{ a: x(n: 1, m: {p: 1, q: 2}) a: x(m: {q: 2, p: 1}, n: 1) a: x(n: 2) a: x b(n: 1) b }').definitions;
  const fields = (operation as OperationDefinitionNode).selectionSet.selections as FieldNode[];
  const [first, reordered, ...others] = fields.map(createDataNames({ ...names, throughInterfaces: new Set(['x', 'b']) }));
  expect(reordered).toBe(first);
  expect(new Set([first, ...others]).size).toBe(5);
  for (const field of fields)
    expect(responseNameOf(createDataNames({ ...names, throughInterfaces: new Set(['x', 'b']) })(field))).toBe(
      responseName(field),
    );
});
