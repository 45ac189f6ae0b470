import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { MeshError } from '../errors.js';
import type { PlanNode, SubscriptionNode } from './federation.js';
import type { Supergraph } from './loadSupergraph.js';
import type { OperationPlan } from './OperationPlan.js';
import type { RootField } from './rootFields.js';
import { rootTypeOf } from './routedFields.js';
import { withRootFields } from './withRootFields.js';

/** The planner cannot take @skip and @include on the one root field of a subscription; whoever subscribes evaluates them first. */
export function planSubscription(
  supergraph: Supergraph,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  fields: readonly RootField[],
  build: (document: DocumentNode) => PlanNode | SubscriptionNode | undefined,
): OperationPlan {
  const { name } = rootTypeOf(supergraph, operation);
  const field = fields[0]!.field;
  if (!supergraph.directivesOn(name, field.name.value).some((directive) => directive.name === 'eventStream')) {
    throw new MeshError(
      'SUBSCRIPTION_UNSUPPORTED',
      `${name}.${field.name.value} is not fed by an event topic. Only fields with @eventStream are served.`,
    );
  }
  const node = build(
    withRootFields(
      document,
      operation,
      fields.map((root) => ({ ...root.field, directives: [] })),
    ),
  );
  if (node?.kind !== 'Subscription') throw new MeshError('PLANNING_FAILED', 'The subscription could not be planned.');
  return {
    kind: 'subscription',
    segments: [],
    routed: [],
    subscription: { field: field.name.value, primary: node.primary, rest: node.rest },
  };
}
