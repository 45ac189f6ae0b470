import {
  Kind,
  parse,
  print,
  type DocumentNode,
  type FieldNode,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import type { FetchNode, PlanNode, QueryPlanSelectionNode } from './federation.js';
import type { RequiredInputs } from './requiredInputs.js';

/**
 * Where a subgraph is asked twice for the same objects, first for what it knows by itself and then for what it computes from what others
 * know (@requires), it is asked once, when all is there: nothing else waits for what it was asked first, so the answer does not come later.
 */
export function joinFetches(node: PlanNode, inputs: RequiredInputs): PlanNode {
  switch (node.kind) {
    case 'Sequence':
      return { ...node, nodes: node.nodes.map((each) => joinFetches(each, inputs)) };
    case 'Parallel':
      return joinIn(
        node.nodes.map((each) => joinFetches(each, inputs)),
        inputs,
      );
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause && { ifClause: joinFetches(node.ifClause, inputs) }),
        ...(node.elseClause && { elseClause: joinFetches(node.elseClause, inputs) }),
      };
    default:
      return node;
  }
}

function joinIn(given: readonly PlanNode[], inputs: RequiredInputs): PlanNode {
  const branches = [...given];
  for (let index = 0; index < branches.length; index++) {
    const alone = toPlaced(branches[index]!, []);
    if (!alone) continue;
    for (const [position, branch] of branches.entries()) {
      const joined = position === index ? undefined : takeIn(branch, alone, [], inputs);
      if (!joined) continue;
      branches[position] = joined;
      branches.splice(index--, 1);
      break;
    }
  }
  return branches.length === 1 ? branches[0]! : { kind: 'Parallel', nodes: branches };
}

interface Placed {
  readonly fetch: FetchNode;
  /** As text. */
  readonly path: string;
}

/** A branch that is one fetch of entities. */
function toPlaced(node: PlanNode, path: readonly (string | number)[]): Placed | undefined {
  if (node.kind === 'Flatten') return toPlaced(node.node, [...path, ...node.path]);
  return node.kind === 'Fetch' && isPlain(node) ? { fetch: node, path: JSON.stringify(path) } : undefined;
}

/** Names that one fetch gives for its own sake, and what deferred parts wait for, stay as they are. */
function isPlain({ requires, operationKind, id, inputRewrites, outputRewrites, contextRewrites }: FetchNode): boolean {
  const isRewritten = [inputRewrites, outputRewrites, contextRewrites].some((rewrites) => rewrites?.length);
  return requires !== undefined && operationKind === 'query' && id === undefined && !isRewritten;
}

/** The node with the fetch joined to one that is in it; undefined: there is none for it. */
function takeIn(
  node: PlanNode,
  { fetch, path }: Placed,
  at: readonly (string | number)[],
  inputs: RequiredInputs,
): PlanNode | undefined {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel': {
      for (const [index, each] of node.nodes.entries()) {
        const joined = takeIn(each, { fetch, path }, at, inputs);
        if (joined) return { ...node, nodes: node.nodes.with(index, joined) };
      }
      return undefined;
    }
    case 'Flatten': {
      const joined = takeIn(node.node, { fetch, path }, [...at, ...node.path], inputs);
      return joined && { ...node, node: joined };
    }
    case 'Fetch':
      return isPlain(node) && JSON.stringify(at) === path ? joinFetch(node, fetch, inputs) : undefined;
    default:
      return undefined;
  }
}

function joinFetch(host: FetchNode, guest: FetchNode, inputs: RequiredInputs): FetchNode | undefined {
  if (host.serviceName !== guest.serviceName || !haveSameKeys(host, guest, inputs)) return undefined;
  const [hostOperation, guestOperation] = [operationOf(host), operationOf(guest)];
  if (!hostOperation || !guestOperation) return undefined;
  const selections = unite(hostOperation.selectionSet.selections, guestOperation.selectionSet.selections);
  if (!selections) return undefined;
  const variables = [...(hostOperation.variableDefinitions ?? []), ...(guestOperation.variableDefinitions ?? [])];
  const operation: OperationDefinitionNode = {
    ...hostOperation,
    variableDefinitions: [...new Map(variables.map((each) => [each.variable.name.value, each])).values()],
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation] };
  const usages = new Set([...(host.variableUsages ?? []), ...(guest.variableUsages ?? [])]);
  return {
    ...host,
    requires: uniteRequired(host.requires!, guest.requires!),
    operation: print(document),
    operationDocumentNode: document,
    variableUsages: [...usages],
  };
}

/** An object that lacks what only one of them needs must still be asked for what the other gets: see compileVoids. */
function haveSameKeys(
  { serviceName, requires: a = [] }: FetchNode,
  { requires: b = [] }: FetchNode,
  inputs: RequiredInputs,
): boolean {
  const [keysOfA, keysOfB] = [a, b].map((required) => keysIn(serviceName, required, inputs));
  return keysOfA !== undefined && keysOfA === keysOfB;
}

/** By type; undefined when there is more to it. */
function keysIn(serviceName: string, required: readonly QueryPlanSelectionNode[], inputs: RequiredInputs): string | undefined {
  const byType = new Map<string, string[]>();
  for (const fragment of required) {
    if (fragment.kind !== 'InlineFragment' || fragment.typeCondition === undefined) return undefined;
    const names = byType.get(fragment.typeCondition) ?? [];
    for (const selection of fragment.selections) {
      if (selection.kind !== 'Field') return undefined;
      if (inputs.isKey(serviceName, fragment.typeCondition, selection.name)) names.push(JSON.stringify(selection));
    }
    byType.set(fragment.typeCondition, names);
  }
  const sorted = [...byType].map(([type, names]) => `${type} ${[...new Set(names)].toSorted().join(' ')}`);
  return sorted.toSorted().join('\n');
}

function uniteRequired(a: readonly QueryPlanSelectionNode[], b: readonly QueryPlanSelectionNode[]): QueryPlanSelectionNode[] {
  const united = new Map(a.map((selection) => [nameOf(selection), selection]));
  for (const selection of b) {
    const present = united.get(nameOf(selection));
    const inner = present?.selections && uniteRequired(present.selections, selection.selections ?? []);
    united.set(nameOf(selection), present ? ({ ...present, ...(inner && { selections: inner }) } as typeof present) : selection);
  }
  return [...united.values()];
}

function nameOf(selection: QueryPlanSelectionNode): string {
  return selection.kind === 'Field' ? (selection.alias ?? selection.name) : `... on ${selection.typeCondition}`;
}

function operationOf({ operation, operationDocumentNode }: FetchNode): OperationDefinitionNode | undefined {
  const { definitions } = operationDocumentNode ?? parse(operation, { noLocation: true });
  const [only, ...more] = definitions;
  return only?.kind === Kind.OPERATION_DEFINITION && more.length === 0 ? only : undefined;
}

/** What either selects; undefined when one name stands for different things. */
function unite(a: readonly SelectionNode[], b: readonly SelectionNode[]): SelectionNode[] | undefined {
  const united = new Map(a.map((selection) => [placeOf(selection), selection]));
  for (const selection of b) {
    const place = placeOf(selection);
    const present = united.get(place);
    const joined = present ? uniteTwo(present, selection) : selection;
    if (!joined) return undefined;
    united.set(place, joined);
  }
  return [...united.values()];
}

function uniteTwo(a: SelectionNode, b: SelectionNode): SelectionNode | undefined {
  if (a.kind === Kind.FRAGMENT_SPREAD || b.kind === Kind.FRAGMENT_SPREAD) return undefined;
  if (bare(a) !== bare(b)) return undefined;
  if (!a.selectionSet || !b.selectionSet) return a;
  const selections = unite(a.selectionSet.selections, b.selectionSet.selections);
  return selections && { ...a, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

/** Equal where two selections are about the same: a response name, or a type and conditions. */
function placeOf(selection: SelectionNode): string {
  return selection.kind === Kind.FIELD ? (selection.alias?.value ?? selection.name.value) : bare(selection);
}

/** A selection without what is below it. */
function bare(selection: FieldNode | InlineFragmentNode | SelectionNode): string {
  if (selection.kind === Kind.FIELD) {
    const { selectionSet: _, ...rest } = selection;
    return print(rest);
  }
  if (selection.kind === Kind.FRAGMENT_SPREAD) return print(selection);
  return print({ ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: [] } });
}
