import { parse, print } from 'graphql';
import type { FetchNode, PlanNode } from './federation.js';
import type { OperationPlan } from './OperationPlan.js';

/** A plan for people: one block a step, indented under what it belongs to. */
export function printPlan(plan: OperationPlan): string {
  if (plan.subscription) {
    const { primary, rest } = plan.subscription;
    return [
      `for each event of Subscription.${plan.subscription.field}`,
      indent(block(print(parse(primary.operation)))),
      ...(rest ? [indent(printNode(rest))] : []),
    ].join('\n');
  }
  const parts = plan.segments.map(({ node, routed }) => {
    const title = routed ? `routed ${routed.coordinate} as "${routed.responseName}"\n` : '';
    const body = node ? printNode(node) : 'nothing to fetch';
    return routed ? `${title}${indent(body)}` : body;
  });
  const [only] = parts;
  if (parts.length <= 1) return only ?? 'nothing to fetch';
  return [plan.kind === 'mutation' ? 'in order' : 'at once', ...parts.map(indent)].join('\n');
}

function printNode(node: PlanNode): string {
  switch (node.kind) {
    case 'Sequence':
      return ['in order', ...node.nodes.map((step) => indent(printNode(step)))].join('\n');
    case 'Parallel':
      return ['at once', ...node.nodes.map((branch) => indent(printNode(branch)))].join('\n');
    case 'Flatten':
      return [`at ${node.path.join('.')}`, indent(printNode(node.node))].join('\n');
    case 'Condition':
      return [
        ...(node.ifClause ? [`if $${node.condition}`, indent(printNode(node.ifClause))] : []),
        ...(node.elseClause ? [`unless $${node.condition}`, indent(printNode(node.elseClause))] : []),
      ].join('\n');
    case 'Fetch':
      return printFetch(node);
    case 'Defer':
      return 'deferred parts are never planned';
  }
}

function printFetch(node: FetchNode): string {
  return [`fetch from ${node.serviceName}`, indent(block(print(parse(node.operation))))].join('\n');
}

function block(text: string): string {
  return text.trim();
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
