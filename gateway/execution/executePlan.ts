import type { PlanNode } from '../planner/federation.js';
import { executeFetch, type Execution } from './executeFetch.js';
import { descend, type Target } from './Target.js';

/** Walks a plan, adding to the targets what its fetches bring. Never rejects. */
export async function executePlan(node: PlanNode | undefined, targets: readonly Target[], execution: Execution): Promise<void> {
  if (!node || targets.length === 0) return;
  switch (node.kind) {
    case 'Sequence':
      for (const step of node.nodes) await executePlan(step, targets, execution);
      return;
    case 'Parallel':
      await Promise.all(node.nodes.map((branch) => executePlan(branch, targets, execution)));
      return;
    case 'Flatten':
      return executePlan(node.node, descend(targets, node.path, execution.isPossible), execution);
    case 'Condition':
      return executePlan(execution.variables[node.condition] ? node.ifClause : node.elseClause, targets, execution);
    case 'Fetch':
      return executeFetch(node, targets, execution);
    case 'Defer':
      throw new Error('deferred parts are planned for those alone who ask for them');
  }
}
