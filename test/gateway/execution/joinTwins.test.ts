import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joinTwins } from '../../../gateway/execution/joinTwins.js';
import { orderFetches, type Ordered } from '../../../gateway/execution/orderFetches.js';
import type { FetchNode, PlanNode } from '../../../gateway/planner/federation.js';

function fetch(field: string): FetchNode {
  return {
    kind: 'Fetch',
    serviceName: 'a',
    requires: [{ kind: 'InlineFragment', typeCondition: 'Fox', selections: [{ kind: 'Field', name: 'id' }] }],
    operation: `query($representations:[_Any!]!){_entities(representations:$representations){... on Fox{${field}}}}`,
    operationName: undefined,
    operationKind: 'query' as FetchNode['operationKind'],
  };
}

const at = (path: string, field: string): PlanNode => ({ kind: 'Flatten', path: [path], node: fetch(field) });
const inOrder = (...nodes: PlanNode[]): PlanNode => ({ kind: 'Sequence', nodes });
const atOnce = (...nodes: PlanNode[]): PlanNode => ({ kind: 'Parallel', nodes });
const joined = (plan: PlanNode, mayWait = true): string[] =>
  joinTwins(orderFetches(plan), mayWait).map(
    ({ node, paths, after }) => `${nameOf(node)} ${paths.join('+')} after ${after.join()}`,
  );

function nameOf(node: Ordered['node']): string {
  return node.kind === 'Fetch' ? /Fox\s*\{(.*?)\}/.exec(node.operation)![1]! : '';
}

it('makes one of two that are as far from the start and have nothing after them, whatever they wait for', () => {
  expect(joined(atOnce(inOrder(at('p', 'a'), at('p', 'x')), inOrder(at('q', 'b'), at('q', 'x'))))).toEqual([
    'a p after ',
    'b q after ',
    'x p+q after 0,1',
  ]);
});

it('makes one of chains, step by step, when they are alike to the end', () => {
  const chain = (path: string): PlanNode => inOrder(at(path, `start_${path}`), at(path, 'x'), at(path, 'y'));
  expect(joined(atOnce(chain('p'), chain('q')))).toEqual([
    'start_p p after ',
    'start_q q after ',
    'x p+q after 0,1',
    'y p+q after 2',
  ]);
});

it('lets nothing wait for a branch whose end has nothing to do with it', () => {
  const slow = inOrder(at('p', 'a'), at('p', 'x'));
  const quick = inOrder(at('q', 'b'), at('q', 'x'), at('q', 'slow'));
  expect(joined(atOnce(slow, quick)).filter((text) => text.startsWith('x'))).toEqual(['x p after 0', 'x q after 1']);
});

it('puts off what nothing waits for until the same is asked further on', () => {
  expect(joined(atOnce(at('p', 'x'), inOrder(at('q', 'b'), at('q', 'x'))))).toEqual(['b q after ', 'x p+q after 0']);
});

it('joins in a mutation only what waits for the same', () => {
  const first = inOrder(at('p', 'do'), atOnce(at('p', 'x'), at('r', 'x')));
  const second = inOrder(at('q', 'do_too'), at('q', 'x'));
  expect(joined(inOrder(first, second), false)).toEqual(['do p after ', 'x p+r after 0', 'do_too q after 1', 'x q after 2']);
});

it('takes the order of fields for nothing, and different conditions, subgraphs or deferred dependents for a difference', () => {
  const twoOrders = atOnce(at('p', 'x y'), at('q', 'y x'));
  expect(joined(twoOrders)).toEqual(['x y p+q after ']);
  const guarded: PlanNode = { kind: 'Condition', condition: 'on', ifClause: at('q', 'x') };
  expect(joined(atOnce(at('p', 'x'), guarded))).toHaveLength(2);
  const elsewhere: PlanNode = { kind: 'Flatten', path: ['q'], node: { ...fetch('x'), serviceName: 'b' } };
  expect(joined(atOnce(at('p', 'x'), elsewhere))).toHaveLength(2);
  const waitedFor: PlanNode = { kind: 'Flatten', path: ['q'], node: { ...fetch('x'), id: '1' } };
  expect(joined(atOnce(at('p', 'x'), waitedFor))).toHaveLength(2);
});

/** Plans of up to four levels with few kinds of fetches, so that twins are frequent. */
const plans = fc.letrec<{ plan: PlanNode }>((tie) => ({
  plan: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.tuple(fc.constantFrom('p', 'q', 'r'), fc.constantFrom('x', 'y', 'z')).map(([path, field]) => at(path, field)),
    fc.array(tie('plan'), { minLength: 1, maxLength: 4 }).map((nodes) => inOrder(...nodes)),
    fc.array(tie('plan'), { minLength: 1, maxLength: 4 }).map((nodes) => atOnce(...nodes)),
  ),
})).plan;

function depths(list: readonly Ordered[]): number[] {
  const found: number[] = [];
  for (const { after } of list) found.push(after.reduce((most, index) => Math.max(most, found[index]! + 1), 0));
  return found;
}

it.each([true, false])('keeps every fetch, all that it waits for, and the length of the way, for any plan (%s)', (mayWait) => {
  fc.assert(
    fc.property(plans, (plan) => {
      const before = orderFetches(plan);
      const after = joinTwins(before, mayWait);
      const all = (list: readonly Ordered[]): string[] =>
        list.flatMap(({ node, paths }) => paths.map((path) => `${nameOf(node)} ${path.join()}`)).toSorted();
      expect(all(after)).toEqual(all(before));
      after.forEach((each, index) => expect(each.after.every((earlier) => earlier < index)).toBe(true));
      expect(Math.max(...depths(after))).toBe(Math.max(...depths(before)));
      // Each pair of which one waited for the other still does.
      const closure = (list: readonly Ordered[]): Set<number>[] => {
        const sets: Set<number>[] = [];
        for (const { after: direct } of list) sets.push(new Set(direct.flatMap((index) => [index, ...sets[index]!])));
        return sets;
      };
      const [had, has] = [closure(before), closure(after)];
      const hostsOf = (each: Ordered): number[] =>
        after.flatMap((host, index) =>
          nameOf(host.node) === nameOf(each.node) && host.paths.some((path) => path === each.paths[0]) ? [index] : [],
        );
      before.forEach((each, index) => {
        const [host, ...more] = hostsOf(each);
        expect(more).toEqual([]);
        for (const earlier of had[index]!) expect(has[host!]!.has(hostsOf(before[earlier]!)[0]!)).toBe(true);
      });
    }),
    { seed: 4, numRuns: 400 },
  );
});
