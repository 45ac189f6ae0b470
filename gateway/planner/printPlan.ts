import { Kind, parse, print, type SelectionSetNode } from 'graphql';
import type { DeferNode, FetchDataRewrite, FetchNode, PlanNode, QueryPlanSelectionNode } from './federation.js';
import { UNNAMED } from './labelDefers.js';
import type { OperationPlan } from './OperationPlan.js';

/** A plan for people: one block a step, indented under what it belongs to. */
export function printPlan(plan: OperationPlan): string {
  if (plan.subscription) {
    const { primary, rest } = plan.subscription;
    return [
      `for each event of Subscription.${plan.subscription.field}`,
      indent(print(parse(primary.operation)).trim()),
      ...(rest ? [indent(printNode(rest))] : []),
    ].join('\n');
  }
  const parts = plan.segments.map(({ node, routed, apart }) => {
    const body = node ? printNode(node) : 'nothing to fetch';
    if (routed) return block(`routed ${routed.coordinate} as "${routed.responseName}"`, body);
    return apart ? block('apart from the rest, and joined when both are complete', body) : body;
  });
  const [only] = parts;
  if (parts.length <= 1) return only ?? 'nothing to fetch';
  return block(plan.kind === 'mutation' ? 'in order' : 'at once', ...parts);
}

function printNode(node: PlanNode): string {
  switch (node.kind) {
    case 'Sequence':
      return block('in order', ...node.nodes.map(printNode));
    case 'Parallel':
      return block('at once', ...node.nodes.map(printNode));
    case 'Flatten':
      return block(`at ${printPath(node.path)}`, printNode(node.node));
    case 'Condition':
      return [
        ...(node.ifClause ? [block(`if $${node.condition}`, printNode(node.ifClause))] : []),
        ...(node.elseClause ? [block(`unless $${node.condition}`, printNode(node.elseClause))] : []),
      ].join('\n');
    case 'Fetch':
      return node.requires ? printEntityFetch(node, node.requires) : block(titleOf(node), print(parse(node.operation)).trim());
    case 'Defer':
      return printDefer(node);
  }
}

/** `nodes.@[A|B].item`: the items of those nodes that are of one of these types. */
function printPath(path: readonly (string | number)[]): string {
  return path.join('.').replaceAll(/\.\.\.\. on ([\w|]+)/g, '[$1]');
}

function titleOf({ serviceName, id }: FetchNode): string {
  return `fetch from ${serviceName}${id === undefined ? '' : ` (#${id})`}`;
}

/** `_entities` is the same in each of them; what matters is what an object is known by, and what it gets. */
function printEntityFetch(node: FetchNode, requires: readonly QueryPlanSelectionNode[]): string {
  const contexts = node.contextRewrites ?? [];
  const variables = (node.variableUsages ?? [])
    .filter((name) => !contexts.some(({ renameKeyTo }) => renameKeyTo === name))
    .map((name) => `$${name}`)
    .join(', ');
  return block(
    `${titleOf(node)}, for each object`,
    block('by', ...requires.map(printSelection)),
    ...(node.inputRewrites ?? []).map((rewrite) => `where ${printRewrite(rewrite)}`),
    ...contexts.map(({ path, renameKeyTo }) => `with $${renameKeyTo} from ${path.join('/')}`),
    ...(variables ? [`with ${variables}`] : []),
    block('gets', ...selectionsOf(entitiesOf(node))),
    ...(node.outputRewrites ?? []).map((rewrite) => `where ${printRewrite(rewrite)}`),
  );
}

function printRewrite(rewrite: FetchDataRewrite): string {
  const at = rewrite.path.map((step) => step.replace('... on ', '')).join('.');
  return rewrite.kind === 'ValueSetter'
    ? `${at} is sent as ${String(rewrite.setValueTo)}`
    : `${at} becomes ${rewrite.renameKeyTo}`;
}

function entitiesOf(node: FetchNode): SelectionSetNode | undefined {
  const operation = parse(node.operation).definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const [entities] = operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
  return entities?.kind === Kind.FIELD ? entities.selectionSet : undefined;
}

function selectionsOf(set: SelectionSetNode | undefined): string[] {
  return (set?.selections ?? []).map((selection) => print(selection));
}

function printSelection(selection: QueryPlanSelectionNode): string {
  const name =
    selection.kind === 'Field'
      ? `${selection.alias ? `${selection.alias}: ` : ''}${selection.name}`
      : `...${selection.typeCondition ? ` on ${selection.typeCondition}` : ''}`;
  if (!selection.selections) return name;
  return `${name} {\n${selection.selections.map((inner) => indent(printSelection(inner))).join('\n')}\n}`;
}

function printDefer({ primary, deferred }: DeferNode): string {
  const shown = (subselection: string | undefined) => (subselection ? [block('shows', ...textOf(subselection))] : []);
  return [
    block('first', ...shown(primary.subselection), ...(primary.node ? [printNode(primary.node)] : [])),
    ...deferred.map(({ label, depends, queryPath, subselection, node }) => {
      const after = depends.length > 0 ? `, after ${depends.map(({ id }) => `#${id}`).join(', ')}` : '';
      const where = queryPath.length > 0 ? ` at ${queryPath.join('.')}` : '';
      return block(
        `later${label === undefined || label.startsWith(UNNAMED) ? '' : ` "${label.split(UNNAMED)[0]}"`}${where}${after}`,
        ...shown(subselection),
        ...(node ? [printNode(node)] : []),
      );
    }),
  ].join('\n');
}

function textOf(subselection: string): string[] {
  const [definition] = parse(subselection).definitions;
  return definition?.kind === Kind.OPERATION_DEFINITION ? selectionsOf(definition.selectionSet) : [];
}

function block(title: string, ...parts: string[]): string {
  return [title, ...parts.map(indent)].join('\n');
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
