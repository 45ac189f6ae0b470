import { Kind, type DirectiveNode, type DocumentNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { findOperation, fragmentsOf, responseName, spreadFragments } from './rootFields.js';

/** One place where an operation lets a part of itself come later. */
export interface DeferredFragment {
  /** What the plan calls it. */
  readonly id: string;
  /** What the client calls it. */
  readonly label: string | undefined;
  /** Ids of those around it, outermost first. */
  readonly around: readonly string[];
  /** Response names from the root to the object that it is a part of. */
  readonly path: readonly string[];
  /** With fragments written out. */
  readonly selectionSet: SelectionSetNode;
}

export interface Labelled {
  /**
   * The operation with its fragments written out, and every @defer labelled by an id of its own: a client need not give it a label, and
   * one in a named fragment stands wherever that is spread.
   */
  readonly document: DocumentNode;
  readonly fragments: ReadonlyMap<string, DeferredFragment>;
}

/** Begins what an id has beside the client's label. */
export const UNNAMED = '~';

export function labelDefers(document: DocumentNode): Labelled {
  const operation = findOperation(document);
  const fragments = new Map<string, DeferredFragment>();
  const label = (set: SelectionSetNode, path: readonly string[], around: readonly string[]): SelectionSetNode => ({
    ...set,
    selections: set.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.FIELD) {
        if (!selection.selectionSet) return selection;
        return { ...selection, selectionSet: label(selection.selectionSet, [...path, responseName(selection)], around) };
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
      const defer = selection.directives?.find(({ name }) => name.value === 'defer');
      if (!defer) return { ...selection, selectionSet: label(selection.selectionSet, path, around) };
      const given = defer.arguments?.find(({ name }) => name.value === 'label')?.value;
      const own = given?.kind === Kind.STRING ? given.value : undefined;
      const id = own === undefined || fragments.has(own) ? `${own ?? ''}${UNNAMED}${fragments.size}` : own;
      const noted = { id, label: own, around, path };
      // Counted before those inside it.
      fragments.set(id, { ...noted, selectionSet: selection.selectionSet });
      const selectionSet = label(selection.selectionSet, path, [...around, id]);
      fragments.set(id, { ...noted, selectionSet });
      return {
        ...selection,
        selectionSet,
        directives: selection.directives!.map((each) => (each === defer ? withLabel(defer, id) : each)),
      };
    }),
  });
  const selectionSet = label(spreadFragments(operation.selectionSet, fragmentsOf(document)), [], []);
  return { document: { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }] }, fragments };
}

/** The id that `labelDefers` gave a selection, or undefined. */
export function idOf({ directives }: { readonly directives?: readonly DirectiveNode[] | undefined }): string | undefined {
  const defer = directives?.find(({ name }) => name.value === 'defer');
  const label = defer?.arguments?.find(({ name }) => name.value === 'label')?.value;
  return label?.kind === Kind.STRING ? label.value : undefined;
}

/** The selections without the fragments of these ids. */
export function withoutDeferred(set: SelectionSetNode, ids: ReadonlySet<string>): SelectionSetNode {
  const selections = set.selections.flatMap((selection): SelectionNode[] => {
    if (selection.kind === Kind.FRAGMENT_SPREAD || !selection.selectionSet) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT && ids.has(idOf(selection) ?? '')) return [];
    return [{ ...selection, selectionSet: withoutDeferred(selection.selectionSet, ids) }];
  });
  return { ...set, selections };
}

function withLabel(defer: DirectiveNode, id: string): DirectiveNode {
  const others = (defer.arguments ?? []).filter(({ name }) => name.value !== 'label');
  const label = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'label' },
    value: { kind: Kind.STRING, value: id },
  } as const;
  return { ...defer, arguments: [...others, label] };
}
