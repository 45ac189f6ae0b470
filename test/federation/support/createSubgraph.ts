import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  execute,
  parse,
  Kind,
  type ExecutionResult,
  type FieldNode,
  type GraphQLFieldResolver,
  type SelectionSetNode,
} from 'graphql';
import { canonicalJson } from '../../../subgraphs/shared/canonicalJson.js';
import { compute, dataReader } from './dataReader.js';
import { isRecord, type Data, type DataObject } from './FederationCase.js';
import { fold } from './fold.js';
import { project, type Reader } from './project.js';
import type { FieldShape, Graph, TypeShape } from './readGraph.js';

interface Node {
  readonly __typename: string;
  readonly object: DataObject;
  /** What a gateway sent of it. */
  readonly reference: Record<string, unknown> | undefined;
  /** What the field that led here @provides. */
  readonly provided: SelectionSetNode | undefined;
}

/** Runs an operation in one subgraph. `log` is shared by all subgraphs of a run: which mutations were made so far. */
export type RunSubgraph = (query: string, variables: Record<string, unknown>, log: string[]) => Promise<ExecutionResult>;

/**
 * A subgraph in this process, by graphql-js over the schema of its SDL. It answers only with what it owns: an @external field that
 * nobody provided, a @requires whose fields were not sent, and a field that another subgraph has overridden are errors.
 */
export function createSubgraph(name: string, sdl: string, graph: Graph, data: Data): RunSubgraph {
  const types = graph.subgraphs.get(name)!;
  const reader = dataReader(graph, data);
  const sent: Reader = {
    matches: (object, condition) => {
      if (typeof object['__typename'] !== 'string') throw new Error('a required object was sent without its type');
      return graph.isPossible(object['__typename'], condition);
    },
    read: (object, field) => {
      const value = object[field.name.value];
      if (value === undefined) throw new Error(`${field.name.value} is required and was not sent`);
      return value;
    },
  };

  const find = (typeName: string, reference: Record<string, unknown>): Node | null => {
    const key = types
      .get(typeName)
      ?.resolvableKeys.find(({ selections }) =>
        selections.every((each) => each.kind !== Kind.FIELD || reference[each.name.value] !== undefined),
      );
    if (!key) throw new Error(`${typeName} cannot be found by ${Object.keys(reference).join(' ')}`);
    const wanted = canonicalJson(project(key, reference, sent));
    if (wanted.includes(':null')) return null;
    const found = Object.values(data).find(
      (object) =>
        graph.isPossible(object.__typename, typeName) &&
        !object.$missing?.includes(name) &&
        canonicalJson(project(key, object, reader)) === wanted,
    );
    return found ? { ...toNode(found, types.get(typeName)!, typeName), reference } : null;
  };
  const toNode = (object: DataObject, { isInterfaceObject }: TypeShape, typeName: string, provided?: SelectionSetNode): Node => ({
    __typename: isInterfaceObject ? typeName : object.__typename,
    object,
    reference: undefined,
    provided,
  });
  const externalValue = (node: Node, fieldName: string, shape: TypeShape): unknown => {
    if (shape.keys.some((key) => key.selections.some((each) => each.kind === Kind.FIELD && each.name.value === fieldName)))
      return node.object[fieldName];
    if (providedIn(node.provided, node, fieldName, graph)) return node.object[fieldName] ?? null;
    if (node.reference && fieldName in node.reference) return node.reference[fieldName];
    throw new Error(`${node.__typename}.${fieldName} is external to ${name}`);
  };

  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolversFor(types, find) as never });
  const documents = new Map<string, ReturnType<typeof parse>>();

  return async (query, variables, log) => {
    const complete = (value: unknown, shape: FieldShape, provided: SelectionSetNode | undefined): unknown => {
      if (Array.isArray(value)) return value.map((item) => complete(item, shape, provided));
      if (!isRecord(value)) return value;
      if (typeof value['$error'] === 'string') return new Error(value['$error']);
      if (value['$log']) return log.join(' ');
      if (typeof value['$ref'] !== 'string') return value;
      return toNode(data[value['$ref']]!, types.get(shape.typeName)!, shape.typeName, provided);
    };
    const fieldResolver: GraphQLFieldResolver<Node, unknown> = (
      node,
      args: Record<string, unknown>,
      _,
      { fieldName, parentType },
    ) => {
      const type = types.get(parentType.name)!;
      const shape = type.fields.get(fieldName)!;
      refuseOverridden(graph, name, parentType.name, fieldName, shape);
      if (parentType.name === 'Mutation') log.push(`${fieldName}${JSON.stringify(args)}`);
      if (shape.requires) {
        const isProvided = shape.requires.selections.every(
          (each) => each.kind !== Kind.FIELD || providedIn(node.provided, node, each.name.value, graph),
        );
        if (isProvided) return fold(compute(fieldName, project(shape.requires, node.object, reader)), args);
        if (!node.reference) throw new Error(`${fieldName} was asked for without what it requires`);
        return fold(compute(fieldName, project(shape.requires, node.reference, sent)), args);
      }
      const value = shape.isExternal ? externalValue(node, fieldName, type) : (node.object[fieldName] ?? null);
      const below = shape.provides ?? providedIn(node.provided, node, fieldName, graph)?.selectionSet;
      return complete(fold(value, args), shape, below);
    };
    let document = documents.get(query);
    if (!document) documents.set(query, (document = parse(query, { noLocation: true })));
    return execute({
      schema,
      document,
      variableValues: variables,
      rootValue: rootNode(
        data,
        document.definitions.some((each) => 'operation' in each && each.operation === 'mutation'),
      ),
      fieldResolver,
      typeResolver: ({ __typename }: Node) => __typename,
    });
  };
}

function rootNode(data: Data, isMutation: boolean): Node {
  const name = isMutation ? 'Mutation' : 'Query';
  return { __typename: name, object: data[name] ?? { __typename: name }, reference: undefined, provided: undefined };
}

function resolversFor(
  types: ReadonlyMap<string, TypeShape>,
  find: (typeName: string, reference: Record<string, unknown>) => Node | null,
): Record<string, object> {
  return Object.fromEntries(
    [...types].flatMap(([typeName, { isAbstract, keys }]) => {
      const resolvers = {
        ...(isAbstract && { __resolveType: (node: Node | null) => node?.__typename }),
        // One that fails must not take the others with it.
        ...(keys.length > 0 && {
          __resolveReference: async (reference: Record<string, unknown>) => find(typeName, reference),
        }),
      };
      return Object.keys(resolvers).length > 0 ? [[typeName, resolvers]] : [];
    }),
  );
}

/** The field of a @provides selection, when it is there for this object. */
function providedIn(set: SelectionSetNode | undefined, node: Node, fieldName: string, graph: Graph): FieldNode | undefined {
  for (const selection of set?.selections ?? []) {
    if (selection.kind === Kind.FIELD && selection.name.value === fieldName) return selection;
    if (selection.kind !== Kind.INLINE_FRAGMENT) continue;
    if (selection.typeCondition && !graph.isPossible(node.object.__typename, selection.typeCondition.name.value)) continue;
    const found = providedIn(selection.selectionSet, node, fieldName, graph);
    if (found) return found;
  }
  return undefined;
}

/** Whoever is not asked any more, or not yet, says so. Labels other than percentages are never switched on here. */
function refuseOverridden(graph: Graph, name: string, typeName: string, fieldName: string, { override }: FieldShape): void {
  const isAsked = (label: string | undefined): boolean | undefined => {
    if (label === undefined || label === 'percent(100)') return true;
    return label.startsWith('percent(') && label !== 'percent(0)' ? undefined : false;
  };
  if (override && isAsked(override.label) === false) throw new Error(`${fieldName} is not yet answered by ${name}`);
  const taken = graph.fieldsOf(typeName, fieldName).find((each) => each.override?.from === name)?.override;
  if (taken && isAsked(taken.label) === true) throw new Error(`${fieldName} is not answered by ${name} any more`);
}
