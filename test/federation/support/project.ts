import { Kind, type FieldNode, type SelectionSetNode } from 'graphql';
import { isRecord } from './FederationCase.js';

/** How to read objects of some kind: data of the graph, or a representation that a gateway sent. */
export interface Reader {
  /** Whether the object matches a type condition. */
  matches(object: Record<string, unknown>, condition: string): boolean;
  /** Objects in what it returns are of the same kind. */
  read(object: Record<string, unknown>, field: FieldNode): unknown;
}

/** What a selection of a key, @requires or @fromContext takes of an object. */
export function project(set: SelectionSetNode, object: Record<string, unknown>, reader: Reader): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const selection of set.selections) {
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value;
      if (condition === undefined || reader.matches(object, condition))
        Object.assign(result, project(selection.selectionSet, object, reader));
    } else if (selection.kind === Kind.FIELD) {
      const { selectionSet, name } = selection;
      const value = reader.read(object, selection);
      result[name.value] = selectionSet ? projectEach(selectionSet, value, reader) : value;
    }
  }
  return result;
}

function projectEach(set: SelectionSetNode, value: unknown, reader: Reader): unknown {
  if (Array.isArray(value)) return value.map((item) => projectEach(set, item, reader));
  return isRecord(value) ? project(set, value, reader) : value;
}
