// The one place that names the packages of the stock federation implementation. They are pinned exactly, because some of what the
// planner adapter relies on is undocumented; test/gateway/planner holds a test for each such thing.
export {
  baseType,
  builtTypeReference,
  DirectiveDefinition,
  operationFromDocument,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph,
  type Directive as AppliedDirective,
  type InputType,
  type Schema,
} from '@apollo/federation-internals';
export { QueryPlanner } from '@apollo/query-planner';
export type {
  ConditionNode,
  DeferNode,
  DeferredNode,
  FetchDataRewrite,
  FetchNode,
  FlattenNode,
  PlanNode,
  QueryPlanSelectionNode,
  SubscriptionNode,
} from '@apollo/query-planner';
