import { Kind, type DocumentNode, type OperationDefinitionNode, type SelectionNode } from 'graphql';
import { conditionsHold } from '../planner/conditionsHold.js';
import { fragmentsOf } from '../planner/rootFields.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { CacheHints } from './cacheHints.js';
import { NEVER, restrict, UNSAID, type CachePolicy } from './CachePolicy.js';

/**
 * What all fields of an operation together allow: the least maxAge, and PRIVATE if any of them says so. Parts that @skip and @include
 * leave out do not count. Of a fetch of entities (`_entities`) each type that it asks about counts by its own hint; `unhinted` is what
 * counts for a type without one.
 */
export function selectionPolicy(
  supergraph: Supergraph,
  hints: CacheHints,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  unhinted: CachePolicy = NEVER,
): CachePolicy {
  const fragments = fragmentsOf(document);

  const ofSelections = (selections: readonly SelectionNode[], parent: string, isRoot: boolean): CachePolicy =>
    selections
      .filter((selection) => conditionsHold(selection, variables))
      .map((selection) => {
        if (selection.kind === Kind.FIELD) {
          const name = selection.name.value;
          if (name === '__typename') return UNSAID;
          const inner = selection.selectionSet?.selections ?? [];
          if (name === '_entities' && isRoot) return ofEntities(inner);
          const returned = supergraph.returnType(parent, name);
          if (!returned) return NEVER;
          return restrict(hints.ofField(parent, name, isRoot), ofSelections(inner, returned.name, false));
        }
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
        return ofSelections(fragment.selectionSet.selections, fragment.typeCondition?.name.value ?? parent, isRoot);
      })
      .reduce(restrict, UNSAID);

  const ofEntities = (selections: readonly SelectionNode[]): CachePolicy =>
    selections
      .map((selection) => {
        if (selection.kind === Kind.FIELD) return selection.name.value === '__typename' ? UNSAID : NEVER;
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
        const type = fragment.typeCondition?.name.value;
        if (type === undefined) return NEVER;
        const hint = hints.ofType(type);
        const own = hint.maxAge === undefined ? restrict(hint, unhinted) : hint;
        return restrict(own, ofSelections(fragment.selectionSet.selections, type, false));
      })
      .reduce(restrict, UNSAID);

  const root = supergraph.rootType(operation.operation);
  return root === undefined ? NEVER : ofSelections(operation.selectionSet.selections, root, true);
}
