import type { DeferNode, FetchNode, PlanNode } from '../planner/federation.js';
import type { ResponsePath } from './Target.js';

/** The steps of a plan, each behind all that it waits for. */
export interface Ordered<Node = FetchNode | DeferNode> {
  readonly node: Node;
  /** Where what it brings belongs. Several: the plan has the same fetch for each of them, and one request serves all. */
  readonly paths: readonly ResponsePath[];
  readonly guards: readonly Guard[];
  /** By their places in the list: what must be over before it. */
  readonly after: readonly number[];
}

/** It is left out unless the variable is this. */
export interface Guard {
  readonly variable: string;
  readonly held: boolean;
}

/** A plan says by its nesting what comes before what; here each step says it for itself. */
export function orderFetches(plan: PlanNode): Ordered[] {
  const ordered: Ordered[] = [];
  /** Adds what is in a node, to run after those; returns what is over when all of the node is. */
  const add = (node: PlanNode, path: ResponsePath, guards: readonly Guard[], after: readonly number[]): readonly number[] => {
    switch (node.kind) {
      case 'Sequence':
        return node.nodes.reduce((before, each) => orBefore(add(each, path, guards, before), before), after);
      case 'Parallel':
        return node.nodes.flatMap((each) => add(each, path, guards, after));
      case 'Flatten':
        return add(node.node, [...path, ...node.path], guards, after);
      case 'Condition': {
        const when = (clause: PlanNode | undefined, held: boolean): readonly number[] =>
          clause ? add(clause, path, [...guards, { variable: node.condition, held }], after) : [];
        return [...when(node.ifClause, true), ...when(node.elseClause, false)];
      }
      case 'Fetch':
      case 'Defer':
        return [ordered.push({ node, paths: [path], guards, after }) - 1];
    }
  };
  add(plan, [], [], []);
  return ordered;
}

function orBefore(ends: readonly number[], before: readonly number[]): readonly number[] {
  return ends.length > 0 ? ends : before;
}
