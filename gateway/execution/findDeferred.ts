import {
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { idOf, type DeferredFragment } from '../planner/labelDefers.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import { responseName } from '../planner/rootFields.js';
import { conditionsHold } from '../planner/conditionsHold.js';
import { isObject, type JsonObject, type ResponsePath } from './Target.js';

/** An object that a part belongs to. */
export interface DeferredObject {
  /** In the answer. */
  readonly path: ResponsePath;
  /** What was fetched. */
  readonly data: JsonObject;
  /** What the client was shown of it, at first or by an earlier part. */
  readonly shaped: JsonObject | null;
  readonly type: GraphQLObjectType;
}

export interface Finding {
  readonly supergraph: Supergraph;
  /** Ids of the fragments that come later. */
  readonly active: ReadonlySet<string>;
  readonly variables: Record<string, unknown>;
  readonly root: DeferredObject;
  readonly selectionSet: SelectionSetNode;
}

/**
 * The objects that a deferred fragment is a part of, as far as the client has been shown them: what became null on the way, or is of
 * another type, has no such part. `anchor` is the deferred fragment around it, whose objects have been shown.
 */
export function findDeferred(
  { supergraph, variables, root, selectionSet }: Finding,
  fragment: DeferredFragment,
  anchor: DeferredFragment | undefined,
  shown: ReadonlyMap<string, readonly DeferredObject[]>,
): DeferredObject[] {
  const { apiSchema: schema, dataName } = supergraph;
  const found: DeferredObject[] = [];
  const look = (selections: readonly SelectionNode[], object: DeferredObject, way: readonly string[]): void => {
    const [next, ...rest] = way;
    for (const selection of selections) {
      if (!conditionsHold(selection, variables)) continue;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (!applies(schema, selection.typeCondition?.name.value, object.type)) continue;
        if (next === undefined && idOf(selection) === fragment.id) found.push(object);
        else look(selection.selectionSet.selections, object, way);
      } else if (selection.kind === Kind.FIELD && selection.selectionSet && responseName(selection) === next) {
        const field = object.type.getFields()[selection.name.value];
        if (!field) continue;
        const named = getNamedType(field.type);
        const below = (value: unknown, shaped: unknown, path: ResponsePath): void => {
          if (Array.isArray(value) && Array.isArray(shaped))
            return shaped.forEach((item: unknown, index) => below(value[index], item, [...path, index]));
          if (!isObject(value) || !isObject(shaped)) return;
          const type = isAbstractType(named) ? schema.getType(String(value['__typename'])) : named;
          if (isObjectType(type)) look(selection.selectionSet!.selections, { path, data: value, shaped, type }, rest);
        };
        below(object.data[dataName(selection)], object.shaped?.[next], [...object.path, next]);
      }
    }
  };
  if (!anchor) look(selectionSet.selections, root, fragment.path);
  else
    for (const object of shown.get(anchor.id) ?? [])
      look(anchor.selectionSet.selections, object, fragment.path.slice(anchor.path.length));
  return found;
}

function applies(schema: GraphQLSchema, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true;
  const named = schema.getType(condition);
  return isAbstractType(named) && schema.isSubType(named, type);
}
