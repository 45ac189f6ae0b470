import type { DeferNode, PlanNode } from '../planner/federation.js';
import { noteFetch, type FetchParts, type FetchStep } from './compileFetch.js';
import { joinTwins } from './joinTwins.js';
import { orderFetches, type Guard, type Ordered } from './orderFetches.js';

/** What is done to answer an operation: each step stands behind those that it waits for. */
export type Steps = readonly Step[];

export interface Step {
  readonly work: FetchStep | DeferStep;
  /** All of them have to hold, or it is left out. */
  readonly guards: readonly Guard[];
  /** By their places in the list: what must be over before it. */
  readonly after: readonly number[];
}

/** What is shown first, and what may come later. */
export interface DeferStep {
  readonly kind: 'defer';
  readonly primary: Steps;
  readonly deferred: readonly DeferredStep[];
}

export interface DeferredStep {
  /** See DeferredFragment. */
  readonly id: string;
  /** Ids of the fetches that it waits for. */
  readonly after: readonly string[];
  readonly steps: Steps;
}

/** Like noteFetch, for all fetches of a plan. `mayWait`: see joinTwins. */
export function noteSteps(node: PlanNode | undefined, mayWait: boolean, parts: FetchParts): () => Steps {
  return noteOrdered(node ? orderFetches(node) : [], mayWait, parts);
}

export function noteOrdered(ordered: readonly Ordered[], mayWait: boolean, parts: FetchParts): () => Steps {
  const noted = joinTwins(ordered, mayWait).map(({ node: work, paths, guards, after }) => {
    const compile = work.kind === 'Fetch' ? noteFetch(work, paths, parts) : noteDefer(work, mayWait, parts);
    return (): Step => ({ work: compile(), guards, after });
  });
  return () => noted.map((compile) => compile());
}

function noteDefer(node: DeferNode, mayWait: boolean, parts: FetchParts): () => DeferStep {
  const primary = noteSteps(node.primary.node, mayWait, parts);
  const deferred = node.deferred.map(({ label, depends, node: later }) => ({
    // Every one of them has been given a label.
    id: label!,
    after: depends.map(({ id }) => id),
    compile: noteSteps(later, mayWait, parts),
  }));
  return () => ({
    kind: 'defer',
    primary: primary(),
    deferred: deferred.map(({ id, after, compile }) => ({ id, after, steps: compile() })),
  });
}

/** Whether a step is to be done with these variables. */
export function isOn({ guards }: Step, variables: Readonly<Record<string, unknown>>): boolean {
  return guards.every(({ variable, held }) => Boolean(variables[variable]) === held);
}
