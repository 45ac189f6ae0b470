import type { DocumentNode, GraphQLSchema } from 'graphql';
import { findOperation } from '../planner/rootFields.js';
import { withRootFields } from '../planner/withRootFields.js';
import type { Operation } from './Operations.js';

/** One operation, alone in its document and without a name, so that whatever is worked out for it serves all that differ in the name only. */
export interface SelectedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  /** What the client calls it, for records and traces. Null: nothing. */
  readonly name: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** See Operation. */
  readonly acceptsIncremental: boolean;
}

const selected = new WeakMap<DocumentNode, Map<string, DocumentNode>>();

/** Throws GRAPHQL_VALIDATION_FAILED when the document has no such operation. */
export function selectOperation(given: Operation): SelectedOperation {
  const { schema, document, operationName, name, variables, acceptsIncremental = false } = given;
  const found = findOperation(document, operationName);
  const label = name ?? found.name?.value ?? null;
  let byName = selected.get(document);
  if (!byName) selected.set(document, (byName = new Map()));
  const key = found.name?.value ?? '';
  let alone = byName.get(key);
  if (!alone) {
    const isAlone =
      !found.name &&
      !found.directives?.length &&
      document.definitions.every((each) => each === found || each.kind === 'FragmentDefinition');
    const { name: _, ...nameless } = found;
    byName.set(key, (alone = isAlone ? document : withRootFields(document, nameless, found.selectionSet.selections)));
  }
  return { schema, document: alone, name: label, variables, acceptsIncremental };
}
