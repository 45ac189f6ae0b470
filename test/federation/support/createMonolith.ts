import { execute, Kind, parse, type ExecutionResult, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { compute, computedField, dataReader } from './dataReader.js';
import { isRecord, type Data, type DataObject, type FederationCase } from './FederationCase.js';
import { fold } from './fold.js';
import { project } from './project.js';
import { selectionOf, type Graph, type Rule } from './readGraph.js';

interface Node {
  readonly __typename: string;
  readonly object: DataObject;
  /** The object in which it was selected. */
  readonly up: Node | undefined;
}

export type Monolith = (asked: Pick<FederationCase, 'operation' | 'variables' | 'scopes' | 'down'>) => Promise<ExecutionResult>;

/** The first oracle: graphql-js over one schema and the same data. It knows nothing of plans, keys or fetches. */
export function createMonolith(schema: GraphQLSchema, graph: Graph, data: Data): Monolith {
  const reader = dataReader(graph, data);
  const ownersOf = (typeName: string, field: string): string[] =>
    graph.fieldsOf(typeName, field).flatMap(({ isExternal, subgraph }) => (isExternal ? [] : [subgraph]));
  /** Whether somebody answers, for the field and for what it requires. */
  const isThere = (object: DataObject, field: string, down: readonly string[]): boolean =>
    !ownersOf(object.__typename, field).every((name) => down.includes(name)) &&
    (computedField(graph, object, field)?.requires?.selections ?? []).every(
      (each) => each.kind !== Kind.FIELD || isThere(object, each.name.value, down),
    );

  return async ({ operation, variables, scopes, down = [] }) => {
    const log: string[] = [];
    const fieldResolver: GraphQLFieldResolver<Node, unknown> = (node, args: Record<string, unknown>, _, info) => {
      const { fieldName, parentType, returnType } = info;
      const { object, __typename } = node;
      const owned = graph.fieldsOf(__typename, fieldName);
      const rules = [...owned, ...graph.typesOf(parentType.name), ...graph.typesOf(namedType(String(returnType)))];
      if (rules.some((each) => each.rules.some((rule) => !isMet(rule, scopes)))) throw new Error('denied');
      const isKey = graph.typesOf(__typename).some(({ keys }) => keys.some((set) => fieldName in project(set, {}, NOTHING)));
      const owners = ownersOf(__typename, fieldName);
      if (!isKey && !isThere(object, fieldName, down)) throw new Error('down');
      if (!isKey && owners.every((name) => object.$missing?.includes(name))) return null;
      const given = { ...args, ...contextArguments(node, fieldName) };
      if (parentType === schema.getMutationType()) log.push(`${fieldName}${JSON.stringify(args)}`);
      const computed = computedField(graph, object, fieldName);
      if (computed?.requires) return fold(compute(fieldName, project(computed.requires, object, reader)), given);
      return complete(fold(object[fieldName] ?? null, given), node);
    };
    const complete = (value: unknown, up: Node): unknown => {
      if (Array.isArray(value)) return value.map((item) => complete(item, up));
      if (!isRecord(value)) return value;
      if (typeof value['$error'] === 'string') return new Error(value['$error']);
      if (value['$log']) return log.join(' ');
      return typeof value['$ref'] === 'string' ? toNode(data[value['$ref']]!, up) : value;
    };
    const contextArguments = (node: Node, field: string): Record<string, unknown> =>
      Object.fromEntries(
        graph.fieldsOf(node.__typename, field).flatMap(({ subgraph, contextArguments: from }) =>
          from.map(({ argument, context, selection }) => {
            const declares = ({ __typename }: Node): boolean =>
              [...graph.subgraphs.get(subgraph)!].some(
                ([name, { contexts }]) => contexts.includes(context) && graph.isPossible(__typename, name),
              );
            let at = node.up;
            while (at && !declares(at)) at = at.up;
            return [argument, at ? leaf(project(selectionOf(inner(selection)), at.object, reader)) : null];
          }),
        ),
      );
    const document = parse(operation);
    const kind = document.definitions.some((each) => 'operation' in each && each.operation === 'mutation') ? 'Mutation' : 'Query';
    return execute({
      schema,
      document,
      variableValues: variables,
      rootValue: toNode(data[kind] ?? { __typename: kind }, undefined),
      fieldResolver,
      typeResolver: ({ __typename }: Node) => __typename,
    });
  };
}

const NOTHING = { matches: () => true, read: () => null };

function toNode(object: DataObject, up: Node | undefined): Node {
  return { __typename: object.__typename, object, up };
}

/** `{ a }` or `... on T { a }` */
function inner(selection: string): string {
  return selection.startsWith('{') ? selection.slice(1, selection.lastIndexOf('}')) : selection;
}

function leaf(value: unknown): unknown {
  return isRecord(value) ? leaf(Object.values(value)[0] ?? null) : value;
}

function namedType(type: string): string {
  return type.replaceAll(/[[\]!]/g, '');
}

function isMet(rule: Rule, scopes: readonly string[] | undefined): boolean {
  if (rule === 'policy') return false;
  if (!scopes) return false;
  return rule === 'authenticated' || rule.scopes.some((all) => all.every((scope) => scopes.includes(scope)));
}
