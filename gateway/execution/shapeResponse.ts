import {
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import type { DataName } from '../planner/dataNames.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { Failures } from './createFailures.js';
import { isObject, type JsonObject, type ResponsePath } from './Target.js';

interface Shaping {
  readonly schema: GraphQLSchema;
  readonly fragments: Record<string, FragmentDefinitionNode>;
  readonly variables: Record<string, unknown>;
  readonly dataName: DataName;
  readonly isHidden: Supergraph['isHidden'];
  readonly failures: Failures;
}

/** Stands for a null that its parent may not hold, so that the parent becomes null. */
const INVALID = Symbol('invalid');
const NONE: readonly FieldNode[] = [];

/**
 * The answer as the client's operation asks for it: its fields, in its order, under its names, nothing else, with nulls passed up to
 * the first place that may hold them (graphql.org/draft, 6.4.4). Reports what no subgraph has reported already; a value that clients
 * may not see (@inaccessible) is null without a word. What governance has not left of the operation is null, even where it was fetched
 * as a key or because others require it.
 */
export function shapeResponse(
  { apiSchema: schema, dataName, isHidden }: ShapedBy,
  { operation, fragments, allowed }: Shown,
  variables: Record<string, unknown>,
  data: JsonObject,
  failures: Failures,
): JsonObject | null {
  const rootType = schema.getRootType(operation.operation)!;
  const shaping = { schema, fragments, variables, dataName, isHidden, failures };
  const fields = collectFields(schema, fragments, variables, rootType, operation.selectionSet);
  const left = allowed && collectFields(schema, {}, variables, rootType, allowed.selectionSet);
  const shaped = shapeFields(shaping, rootType, fields, left, data, []);
  return shaped === INVALID ? null : shaped;
}

/** The same of one object at a place of the answer, for fields written out. */
export function shapeObject(
  { apiSchema: schema, dataName, isHidden }: ShapedBy,
  type: GraphQLObjectType,
  selectionSet: SelectionSetNode,
  variables: Record<string, unknown>,
  data: JsonObject,
  path: ResponsePath,
  failures: Failures,
): JsonObject | null {
  const shaping = { schema, fragments: {}, variables, dataName, isHidden, failures };
  const fields = collectFields(schema, {}, variables, type, selectionSet);
  const shaped = shapeFields(shaping, type, fields, undefined, data, path);
  return shaped === INVALID ? null : shaped;
}

export type ShapedBy = Pick<Supergraph, 'apiSchema' | 'dataName' | 'isHidden'>;

interface Shown {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Record<string, FragmentDefinitionNode>;
  /** What governance has left of it, its fragments written out. Undefined: all. */
  readonly allowed?: OperationDefinitionNode | undefined;
}

type Concrete = GraphQLObjectType | GraphQLInterfaceType;
type Fields = ReadonlyMap<string, readonly FieldNode[]>;

function shapeFields(
  shaping: Shaping,
  type: Concrete,
  fields: Fields,
  allowed: Fields | undefined,
  data: JsonObject,
  path: ResponsePath,
): JsonObject | typeof INVALID {
  const result: JsonObject = {};
  for (const [name, nodes] of fields) {
    const fieldName = nodes[0]!.name.value;
    if (fieldName === '__typename') {
      result[name] = type.name;
      continue;
    }
    // Introspection has been answered in its final shape.
    if (fieldName === '__schema' || fieldName === '__type') {
      result[name] = own(data, name);
      continue;
    }
    const definition = type.getFields()[fieldName];
    if (!definition) continue;
    const left = allowed && (allowed.get(name) ?? NONE);
    const fetched = left === NONE ? null : own(data, shaping.dataName(nodes[0]!));
    const value = shapeValue(shaping, definition.type, nodes, left, fetched, [...path, name], `${type.name}.${fieldName}`);
    if (value === INVALID) return INVALID;
    result[name] = value;
  }
  return result;
}

function shapeValue(
  shaping: Shaping,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
  left: readonly FieldNode[] | undefined,
  value: unknown,
  path: ResponsePath,
  coordinate: string,
): unknown {
  if (isNonNullType(type)) {
    const inner = shapeValue(shaping, type.ofType, nodes, left, value, path, coordinate);
    if (inner !== null && inner !== INVALID) return inner;
    if (inner === null) wrong(shaping, `Cannot return null for non-nullable field ${coordinate}.`, path);
    return INVALID;
  }
  const shaped = shapeNullable(shaping, type, nodes, left, value, path, coordinate);
  return shaped === INVALID ? null : shaped;
}

function shapeNullable(
  shaping: Shaping,
  type: Exclude<GraphQLOutputType, { ofType: GraphQLOutputType } & { toJSON(): `${string}!` }>,
  nodes: readonly FieldNode[],
  left: readonly FieldNode[] | undefined,
  value: unknown,
  path: ResponsePath,
  coordinate: string,
): unknown {
  if (value === null || value === undefined) return null;
  if (isListType(type)) {
    if (!Array.isArray(value)) return wrong(shaping, `${coordinate} is not a list.`, path);
    const items = value.map((item: unknown, index) =>
      shapeValue(shaping, type.ofType as GraphQLOutputType, nodes, left, item, [...path, index], coordinate),
    );
    return items.includes(INVALID) ? INVALID : items;
  }
  if (isLeafType(type)) {
    if (isEnumType(type) && shaping.isHidden(type.name, String(value))) return null;
    try {
      return type.serialize(value);
    } catch (error) {
      return wrong(shaping, `${coordinate}: ${(error as Error).message}`, path);
    }
  }
  if (!isObject(value)) return wrong(shaping, `${coordinate} is not an object.`, path);
  const { schema, fragments, variables } = shaping;
  if (isAbstractType(type) && shaping.isHidden(String(value['__typename']))) return null;
  const runtimeType = isAbstractType(type) ? runtimeTypeOf(schema, type, value) : type;
  if (!runtimeType) return wrong(shaping, `${coordinate} is of a type that is not part of ${String(type)}.`, path);
  // Collecting takes an interface too: a fragment matches where its condition is the type itself or holds it.
  const fieldsOf = (concrete: Concrete): Fields =>
    collectSubfields(schema, fragments, variables, concrete as GraphQLObjectType, nodes);
  const fields = fieldsOf(runtimeType);
  if (isInterfaceType(runtimeType) && dependsOnType(schema, runtimeType, fields, fieldsOf))
    return wrong(shaping, `${coordinate} is of an unknown type of ${runtimeType.name}.`, path);
  const fieldsLeft = left && collectSubfields(schema, {}, variables, runtimeType as GraphQLObjectType, left);
  return shapeFields(shaping, runtimeType, fields, fieldsLeft, value, path);
}

/** Undefined for what is not part of `type`. An interface when no subgraph has said more: to one with @interfaceObject it is an object. */
function runtimeTypeOf(schema: GraphQLSchema, type: GraphQLAbstractType, value: JsonObject): Concrete | undefined {
  const name = value['__typename'];
  if (name === undefined && isInterfaceType(type)) return type;
  const found = typeof name === 'string' ? schema.getType(name) : undefined;
  if (isInterfaceType(found)) return found === type || schema.isSubType(type, found) ? found : undefined;
  return isObjectType(found) && schema.isSubType(type, found) ? found : undefined;
}

/** Whether it must be known which of the interface's types an object has to answer for it. */
function dependsOnType(
  schema: GraphQLSchema,
  type: GraphQLInterfaceType,
  fields: Fields,
  fieldsOf: (concrete: Concrete) => Fields,
): boolean {
  const count = (of: Fields): number => [...of.values()].reduce((sum, { length }) => sum + length, 0);
  return (
    [...fields.values()].some(([node]) => node!.name.value === '__typename') ||
    schema.getPossibleTypes(type).some((possible) => count(fieldsOf(possible)) !== count(fields))
  );
}

/** What every object has by nature is not data. */
function own(data: JsonObject, name: string): unknown {
  return Object.hasOwn(data, name) ? data[name] : undefined;
}

function wrong({ failures }: Shaping, message: string, path: ResponsePath): null {
  if (!failures.explain(path)) failures.report({ message, extensions: { code: 'INVALID_SUBGRAPH_DATA' } }, [path]);
  return null;
}
