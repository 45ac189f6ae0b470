import { Kind, parse, type DocumentNode, type SelectionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { conditionsHold } from '../planner/conditionsHold.js';
import type { FetchDataRewrite, FetchNode } from '../planner/federation.js';

/** What a fetch brings, by response name: null for what has no selections of its own. Types are passed through. */
export type SelectionTree = ReadonlyMap<string, SelectionTree | null>;
type Growing = Map<string, Growing | null>;

/** Of a root fetch its fields, of an entity fetch those of the entities, under the names that they have after the planner's rewrites. */
export function selectionTree(node: FetchNode): SelectionTree {
  const [entities] = node.requires ? selectionsOf(node) : [];
  const selections = entities?.kind === Kind.FIELD ? (entities.selectionSet?.selections ?? []) : selectionsOf(node);
  const tree = grow(new Map(), selections);
  for (const rewrite of node.outputRewrites ?? []) rename(tree, rewrite);
  return tree;
}

/** The selections at the root of what a fetch sends. */
export function selectionsOf(node: FetchNode): readonly SelectionNode[] {
  const document = documentOf(node);
  return document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!.selectionSet.selections;
}

/**
 * Compiling and caching ask for it one after the other, later only what has failed does: documents of all fetches of all kept operations
 * would be a third of what those hold.
 */
const documents = new LRUCache<FetchNode, DocumentNode>({ max: 500 });

/** What a fetch sends, parsed seldom more than once. */
export function documentOf(node: FetchNode): DocumentNode {
  let document = documents.get(node);
  if (!document) documents.set(node, (document = parse(node.operation, { noLocation: true })));
  return document;
}

function grow(tree: Growing, selections: readonly SelectionNode[]): Growing {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const name = selection.alias?.value ?? selection.name.value;
      const inner =
        selection.selectionSet && grow(tree.get(name) ?? new Map<string, Growing | null>(), selection.selectionSet.selections);
      tree.set(name, inner ?? tree.get(name) ?? null);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      grow(tree, selection.selectionSet.selections);
    }
  }
  return tree;
}

/** Both names are kept: on which objects the rewrite applies shows only when they are there. */
function rename(tree: Growing, rewrite: FetchDataRewrite): void {
  if (rewrite.kind !== 'KeyRenamer') return;
  const steps = rewrite.path.filter((step) => step !== '@' && !step.startsWith('... on '));
  let level: Growing | null | undefined = tree;
  for (const step of steps.slice(0, -1)) level = level?.get(step);
  const found = level?.get(steps.at(-1)!);
  if (!level || found === undefined) return;
  const present = level.get(rewrite.renameKeyTo);
  level.set(rewrite.renameKeyTo, found && present ? join(present, found) : (found ?? present ?? null));
}

function join(a: Growing, b: Growing): Growing {
  const joined: Growing = new Map(a);
  for (const [name, inner] of b) {
    const present = joined.get(name);
    joined.set(name, inner && present ? join(present, inner) : (inner ?? present ?? null));
  }
  return joined;
}

/** Response names of what these variables do not leave out, those in fragments among them. */
export function namesIn(selections: readonly SelectionNode[], variables: Readonly<Record<string, unknown>>): string[] {
  return selections.flatMap((selection) => {
    if (!conditionsHold(selection, variables)) return [];
    if (selection.kind === Kind.FIELD) return [selection.alias?.value ?? selection.name.value];
    return selection.kind === Kind.INLINE_FRAGMENT ? namesIn(selection.selectionSet.selections, variables) : [];
  });
}
