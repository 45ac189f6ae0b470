import { Kind, print, type SelectionNode } from 'graphql';
import type { FetchNode, QueryPlanSelectionNode } from '../planner/federation.js';
import type { Ordered } from './orderFetches.js';
import { selectionsOf } from './selectionTree.js';

/**
 * Fetches that ask one subgraph for the same of their entities, only in other places, become one: the planner makes one for every path to
 * an entity. In a query (`mayWait`) one also waits for the other when both are as many steps from the start and all that follows them is
 * alike, or when nothing follows it: the answer as a whole does not come later for that, as long as a subgraph takes as long for the one
 * as for the other. In a mutation they have to wait for the same: what one effect is followed by is read before the next.
 */
export function joinTwins(ordered: readonly Ordered[], mayWait: boolean): Ordered[] {
  const depths = depthsOf(ordered);
  const kinds = kindsOf(ordered);
  const followed = new Set(ordered.flatMap(({ after }) => after));
  /** By kind: those that others join, the deepest first. */
  const hosts = new Map<number, number[]>();
  const hostOf = ordered.map((_, index) => index);
  const deepestFirst = ordered.map((_, index) => index).toSorted((a, b) => depths[b]! - depths[a]! || a - b);
  for (const index of deepestFirst) {
    const { node, after } = ordered[index]!;
    if (node.kind !== 'Fetch' || !mayJoin(node)) continue;
    const alike = hosts.get(kinds[index]!) ?? [];
    const joins = (host: number): boolean => {
      if (!mayWait) return String(ordered[host]!.after) === String(after);
      return depths[host] === depths[index] || !followed.has(index);
    };
    const host = alike.findLast(joins);
    if (host === undefined) hosts.set(kinds[index]!, [...alike, index]);
    else hostOf[index] = host;
  }
  return rebuild(ordered, hostOf, depths);
}

/** Steps from the start. */
function depthsOf(ordered: readonly Ordered[]): number[] {
  const depths: number[] = [];
  for (const { after } of ordered) depths.push(after.reduce((deepest, each) => Math.max(deepest, depths[each]! + 1), 0));
  return depths;
}

/** Equal for fetches that are alike and followed by what is alike. */
function kindsOf(ordered: readonly Ordered[]): number[] {
  const known = new Map<string, number>();
  const followers: number[][] = ordered.map(() => []);
  const kinds = ordered.map(() => 0);
  for (let index = ordered.length - 1; index >= 0; index--) {
    const { node, guards, after } = ordered[index]!;
    const text = node.kind === 'Fetch' && mayJoin(node) ? textOf(node) : `#${index}`;
    const key = JSON.stringify([text, guards, followers[index]!.toSorted((a, b) => a - b)]);
    const kind = known.get(key) ?? known.size;
    known.set(key, kind);
    kinds[index] = kind;
    for (const each of after) followers[each]!.push(kind);
  }
  return kinds;
}

/** Two effects are two, what two root fetches bring is for one target each, and what deferred parts wait for should not wait itself. */
function mayJoin({ requires, operationKind, contextRewrites, id }: FetchNode): boolean {
  return requires !== undefined && operationKind === 'query' && !contextRewrites?.length && id === undefined;
}

const texts = new WeakMap<FetchNode, string>();

/** What it asks for, whatever its name and the order of its fields. */
function textOf(node: FetchNode): string {
  let text = texts.get(node);
  if (text === undefined) {
    const { serviceName, requires = [], inputRewrites, outputRewrites, variableUsages } = node;
    const asks = [inOrder(selectionsOf(node).map(selectionText)), inOrder(requires.map(requiredText))];
    text = JSON.stringify([serviceName, ...asks, inputRewrites, outputRewrites, variableUsages?.toSorted()]);
    texts.set(node, text);
  }
  return text;
}

function selectionText(selection: SelectionNode): string {
  if (selection.kind === Kind.FRAGMENT_SPREAD || !selection.selectionSet) return print(selection);
  const { selectionSet, ...rest } = selection;
  const bare = print(
    rest.kind === Kind.INLINE_FRAGMENT ? { ...rest, selectionSet: { kind: Kind.SELECTION_SET, selections: [] } } : rest,
  );
  return `${bare}{${inOrder(selectionSet.selections.map(selectionText))}}`;
}

function requiredText(selection: QueryPlanSelectionNode): string {
  const inner = selection.selections ? `{${inOrder(selection.selections.map(requiredText))}}` : '';
  return selection.kind === 'Field'
    ? `${selection.alias ?? ''}:${selection.name}${inner}`
    : `...${selection.typeCondition}${inner}`;
}

function inOrder(parts: readonly string[]): string {
  return parts.toSorted().join(' ');
}

/** Hosts are where the deepest of theirs were; the list is put into the order of depths, and `after` says the new places. */
function rebuild(ordered: readonly Ordered[], hostOf: readonly number[], depths: readonly number[]): Ordered[] {
  const kept = ordered
    .map((_, index) => index)
    .filter((index) => hostOf[index] === index)
    .toSorted((a, b) => depths[a]! - depths[b]! || a - b);
  const placeOf = new Map(kept.map((index, place) => [index, place]));
  const members = new Map<number, number[]>(kept.map((index) => [index, []]));
  hostOf.forEach((host, index) => members.get(host)!.push(index));
  return kept.map((host) => {
    const joined = members.get(host)!.map((index) => ordered[index]!);
    const after = new Set(joined.flatMap((each) => each.after.map((before) => placeOf.get(hostOf[before]!)!)));
    return { ...ordered[host]!, paths: joined.flatMap(({ paths }) => paths), after: [...after] };
  });
}
