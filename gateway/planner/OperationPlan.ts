import type { OperationTypeNode } from 'graphql';
import type { FetchNode, PlanNode } from './federation.js';
import type { Labelled } from './labelDefers.js';

/** What is to be fetched, without saying who computes a routed field: so the plan is cached while choices stay fresh. */
export interface OperationPlan {
  readonly kind: `${OperationTypeNode}`;
  /** Queries run them all at once, mutations one after the other. Empty for a subscription. */
  readonly segments: readonly PlanSegment[];
  /** Of a subscription: how the event's payload is selected, and what is then read from the subgraphs. */
  readonly subscription?: { readonly field: string; readonly primary: FetchNode; readonly rest: PlanNode | undefined };
  readonly routed: readonly RoutedInstance[];
  /** Of an operation whose @defer is kept: its parts, by the labels of the plan's Defer nodes, and the operation as it was planned. */
  readonly deferred?: Labelled;
}

export interface PlanSegment {
  /** Undefined: nothing to fetch (introspection, or everything skipped). Where @defer was kept it holds Defer nodes. */
  readonly node: PlanNode | undefined;
  /** Its data is kept apart from that of the other segments until it is complete. */
  readonly apart?: true;
  /** Set on the segment of one routed field, which is an effect. */
  readonly routed?: RoutedInstance;
}

/** One instance of a @costRouted field in an operation. */
export interface RoutedInstance {
  readonly responseName: string;
  /** `Query.ask` */
  readonly coordinate: string;
  /** The field's type, without wrappers. */
  readonly returnType: string;
  /** The variable that takes the signed route hint. */
  readonly hintVariable: string;
  readonly taskClass?: string;
  readonly objective?: string;
  /** False when @skip or @include leaves it out. Takes coerced variables, like `input`. */
  isIncluded(variables: Record<string, unknown>): boolean;
  /** The TaskInput as the subgraph will receive it, defaults applied. */
  input(variables: Record<string, unknown>): unknown;
}
