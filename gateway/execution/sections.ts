import { visit, type ASTNode, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import type { DataName } from '../planner/dataNames.js';
import { fragmentsOf, rootFieldsOf } from '../planner/rootFields.js';
import { fetchedVariable } from '../planner/variableNames.js';
import type { Ordered } from './orderFetches.js';
import { selectionTree } from './selectionTree.js';

/** Root fields whose values and fetches have nothing to do with those of the other root fields, and what they depend on. */
export interface SectionPlan {
  /** The data names of the root fields. */
  readonly names: ReadonlySet<string>;
  /** All variables that can change anything about them, by the names that they have in fetches. */
  readonly variables: readonly string[];
  readonly ordered: readonly Ordered[];
}

/**
 * A query by what its root fields depend on: fields whose fetches come together or need one another are in one section, and those with the
 * same variables. So what only some variables change can be had once for callers who differ in the others. Null: it is all of a piece.
 */
export function splitSections(
  ordered: readonly Ordered[],
  document: DocumentNode,
  operation: OperationDefinitionNode,
  dataName: DataName,
): readonly SectionPlan[] | null {
  const variables = variablesByField(document, operation, dataName);
  const groups = createGroups(variables.keys());
  for (const each of ordered) {
    const names = rootNamesOf(each);
    // Every fetch belongs to some field that the client has asked for, or nothing can be said of it.
    if (!names || names.length === 0 || names.some((name) => !variables.has(name))) return null;
    for (const name of names) groups.unite(name, names[0]!);
    for (const before of each.after) groups.unite(rootNamesOf(ordered[before]!)![0]!, names[0]!);
  }
  const used = new Map<string, Set<string>>();
  for (const [name, own] of variables) {
    const group = groups.of(name);
    used.set(group, new Set([...(used.get(group) ?? []), ...own]));
  }
  const sections = new Map<string, string[]>();
  for (const [group, own] of used) {
    const key = [...own].toSorted().join(' ');
    sections.set(key, [...(sections.get(key) ?? []), group]);
  }
  return [...sections.values()].map((members) => {
    const names = new Set([...variables.keys()].filter((name) => members.includes(groups.of(name))));
    return { names, variables: [...used.get(members[0]!)!], ordered: only(ordered, names) };
  });
}

/** By data name of a root field: the variables in it and around it. */
function variablesByField(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  dataName: DataName,
): ReadonlyMap<string, ReadonlySet<string>> {
  const fragments = fragmentsOf(document);
  const found = new Map<string, Set<string>>();
  const ofAll = new Set<string>();
  for (const { field, conditions } of rootFieldsOf(document, operation)) {
    // What is fetched from nobody is written with all the others.
    const isFetched = !field.name.value.startsWith('__');
    const variables = isFetched ? (found.get(dataName(field)) ?? new Set<string>()) : ofAll;
    if (isFetched) found.set(dataName(field), variables);
    const spread = new Set<string>();
    const look = (node: ASTNode): void => {
      visit(node, {
        Variable: (variable) => void variables.add(fetchedVariable(variable.name.value)),
        FragmentSpread: (spreading) => {
          const fragment = fragments.get(spreading.name.value);
          if (!fragment || spread.has(fragment.name.value)) return;
          spread.add(fragment.name.value);
          look(fragment);
        },
      });
    };
    look(field);
    for (const directive of conditions.flat()) look(directive);
  }
  for (const name of ofAll) for (const variables of found.values()) variables.add(name);
  return found;
}

/** Undefined for a deferred step, which may be about any of them. */
function rootNamesOf({ node, paths }: Ordered): string[] | undefined {
  if (node.kind === 'Defer') return undefined;
  const names = paths.map(([name]) => name);
  if (names.every((name) => name === undefined)) return [...selectionTree(node).keys()].filter((name) => name !== '__typename');
  return names.map(String);
}

function only(ordered: readonly Ordered[], names: ReadonlySet<string>): Ordered[] {
  const places = new Map<number, number>();
  ordered.forEach((each, index) => {
    if (rootNamesOf(each)!.some((name) => names.has(name))) places.set(index, places.size);
  });
  return [...places.keys()].map((index) => {
    const each = ordered[index]!;
    return { ...each, after: each.after.map((before) => places.get(before)!) };
  });
}

/** Names that belong together. */
function createGroups(names: Iterable<string>) {
  const above = new Map<string, string>(Array.from(names, (name) => [name, name]));
  const of = (name: string): string => {
    const next = above.get(name)!;
    return next === name ? name : of(next);
  };
  return { of, unite: (a: string, b: string): void => void above.set(of(a), of(b)) };
}
