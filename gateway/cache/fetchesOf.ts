import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { documentOf } from '../execution/selectionTree.js';
import type { FetchNode, PlanNode } from '../planner/federation.js';
import type { OperationPlan } from '../planner/OperationPlan.js';
import { findOperation } from '../planner/rootFields.js';
import { clientVariable } from '../planner/variableNames.js';

/** The fetches of a plan that may run with these (coerced) variables of the client. */
export function fetchesOf({ segments }: OperationPlan, variables: Readonly<Record<string, unknown>>): FetchNode[] {
  const inNode = (node: PlanNode | undefined): FetchNode[] => {
    switch (node?.kind) {
      case undefined:
        return [];
      case 'Fetch':
        return [node];
      case 'Flatten':
        return inNode(node.node);
      case 'Condition':
        return inNode(variables[clientVariable(node.condition)] ? node.ifClause : node.elseClause);
      case 'Sequence':
      case 'Parallel':
        return node.nodes.flatMap(inNode);
      case 'Defer':
        throw new Error('the planner is never asked for deferred parts');
    }
  };
  return segments.flatMap(({ node }) => inNode(node));
}

/** What a fetch sends. */
export function operationOf(node: FetchNode): { document: DocumentNode; operation: OperationDefinitionNode } {
  const document = documentOf(node);
  return { document, operation: findOperation(document) };
}
