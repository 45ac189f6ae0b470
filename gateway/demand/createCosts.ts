import type { DocumentNode, OperationTypeNode } from 'graphql';
import type { Supergraph } from '../planner/loadSupergraph.js';
import { findOperation } from '../planner/rootFields.js';
import type { CostedOperation } from './CostedOperation.js';
import { costOperation } from './costOperation.js';
import { readCosts } from './readCosts.js';
import { compileEstimate, type EstimateCost } from './estimateCost.js';
import { MAX_COST, type Variables } from './terms.js';

/** What one operation costs, for any variables. */
export interface OperationCost {
  readonly kind: OperationTypeNode;
  readonly estimate: EstimateCost;
  /** The first list that does not have the one slicing argument it wants, in words. Null: all have. */
  problem(variables: Variables): string | null;
  /** Null: it is too large to be looked at, and costs MAX_COST. */
  readonly costed: CostedOperation | null;
}

/** The cost of the operation that is alone in a (valid) document; worked out once, and kept as long as the document is. */
export function createCosts(supergraph: Supergraph, listSize: number): (document: DocumentNode) => OperationCost {
  const costs = readCosts(supergraph);
  const known = new WeakMap<DocumentNode, OperationCost>();
  return (document) => {
    let cost = known.get(document);
    if (!cost) {
      const costed = costOperation(supergraph.apiSchema, costs, document, listSize);
      const estimate = costed ? compileEstimate(costed) : () => MAX_COST;
      const { operation: kind } = findOperation(document);
      known.set(document, (cost = { kind, estimate, problem: (variables) => costed && problemOf(costed, variables), costed }));
    }
    return cost;
  };
}

function problemOf({ checks }: CostedOperation, variables: Variables): string | null {
  for (const check of checks) {
    const problem = check(variables);
    if (problem !== null) return problem;
  }
  return null;
}
