import { expect, it } from 'vitest';
import { compileWanted } from '../../../gateway/execution/compileWanted.js';
import type { FetchNode } from '../../../gateway/planner/federation.js';

const wanted = (selection: string, requires: unknown = []) =>
  compileWanted(
    {
      kind: 'Fetch',
      serviceName: 'a',
      operation: `query($r:[_Any!]!,$a:Boolean!,$b:Boolean!){_entities(representations:$r){${selection}}}`,
      requires,
    } as unknown as FetchNode,
    (typeName) => typeName === 'Like',
  );

it('is said of a fetch of which conditions may leave nothing', () => {
  const isWanted = wanted('...on Ant{__typename x@skip(if:$a) ...on Ant@include(if:$b){y}}')!;
  expect([isWanted({ a: true, b: false }), isWanted({ a: false, b: false }), isWanted({ a: true, b: true })]).toEqual([
    false,
    true,
    true,
  ]);
});

it('is certain of what has no conditions, and of the type of what is known by an interface', () => {
  expect(wanted('...on Ant{x@skip(if:$a) y}')).toBeNull();
  expect(wanted('...on Like{__typename x@skip(if:$a)}')).toBeNull();
  expect(wanted('...on Ant{x@skip(if:$a)}', null)).toBeNull();
});
