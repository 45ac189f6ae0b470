import { buildSchema, parse, print, type DocumentNode } from 'graphql';
import { expect, it } from 'vitest';
import { createPrepareOperation } from '../../../gateway/pipeline/prepareOperation.js';

const schema = buildSchema(`
  directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
  type Query { t(a: String): Query b: Int }
`);

it('leaves the label of an @defer where it is, so that texts that differ in it are two operations', () => {
  const prepare = createPrepareOperation((source): DocumentNode => parse(source));
  const texts = ['one', 'two', 'one'].map((label) => {
    const prepared = prepare(schema, `{ t(a: "x") { ... @defer(label: "${label}") { b t(a: "y") { b } } } }`)!;
    expect(Object.values(prepared.literals)).toEqual(['x', 'y']);
    return print(prepared.document);
  });
  expect(texts[0]).toContain('@defer(label: "one")');
  expect(texts[1]).toContain('@defer(label: "two")');
  expect(texts[2]).toBe(texts[0]);
});
