import {
  getNamedType,
  Kind,
  type DocumentNode,
  type GraphQLObjectType,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';
import { getArgumentValues } from 'graphql/execution/values.js';
import type { Supergraph } from './loadSupergraph.js';
import type { RoutedInstance } from './OperationPlan.js';
import { isIncluded, responseName, toSelection, type RootField } from './rootFields.js';
import { withRootFields } from './withRootFields.js';

export interface FieldGroup {
  readonly routed: boolean;
  readonly fields: RootField[];
}

/**
 * A routed field stands alone, with every repetition of its response name, or a slow model would delay its neighbours: the planner
 * would fuse them into one fetch. Around routed fields a mutation keeps its order; a query needs none.
 */
export function groupFields(
  supergraph: Supergraph,
  operation: OperationDefinitionNode,
  fields: readonly RootField[],
): FieldGroup[] {
  const rootType = rootTypeOf(supergraph, operation);
  const groups: FieldGroup[] = [];
  const routedGroups = new Map<string, FieldGroup>();
  for (const root of fields) {
    const name = responseName(root.field);
    const isRouted = supergraph
      .directivesOn(rootType.name, root.field.name.value)
      .some((directive) => directive.name === 'costRouted');
    const same = isRouted ? routedGroups.get(name) : plainGroup(groups, operation);
    if (same) {
      same.fields.push(root);
      continue;
    }
    const group = { routed: isRouted, fields: [root] };
    groups.push(group);
    if (isRouted) routedGroups.set(name, group);
  }
  return groups;
}

function plainGroup(groups: readonly FieldGroup[], operation: OperationDefinitionNode): FieldGroup | undefined {
  if (operation.operation === 'query') return groups.find(({ routed }) => !routed);
  const last = groups.at(-1);
  return last?.routed ? undefined : last;
}

export function rootTypeOf({ apiSchema }: Supergraph, operation: OperationDefinitionNode): GraphQLObjectType {
  return apiSchema.getRootType(operation.operation)!;
}

export function routedInstance(
  supergraph: Supergraph,
  operation: OperationDefinitionNode,
  fields: readonly RootField[],
  index: number,
): RoutedInstance {
  // Repetitions of one response name have equal arguments, or the operation were not valid; only their conditions may differ.
  const root = fields[0]!;
  const rootType = rootTypeOf(supergraph, operation);
  const definition = rootType.getFields()[root.field.name.value]!;
  const { args } = supergraph.directivesOn(rootType.name, definition.name).find(({ name }) => name === 'costRouted')!;
  const inputArgument = String(args['input']);
  return {
    responseName: responseName(root.field),
    coordinate: `${rootType.name}.${definition.name}`,
    returnType: getNamedType(definition.type).name,
    hintVariable: freeName(operation, `_route${index}`),
    ...(typeof args['taskClass'] === 'string' && { taskClass: args['taskClass'] }),
    ...(typeof args['objective'] === 'string' && { objective: args['objective'] }),
    isIncluded: (variables) => fields.some((field) => isIncluded(field, variables)),
    input: (variables) => getArgumentValues(definition, root.field, variables)[inputArgument],
  };
}

/** A client may call its own variables anything. */
function freeName({ variableDefinitions }: OperationDefinitionNode, wanted: string): string {
  const taken = new Set(variableDefinitions?.map(({ variable }) => variable.name.value));
  let name = wanted;
  while (taken.has(name)) name += '_';
  return name;
}

/** The operation with these fields at its root and the route hint among their arguments. */
export function withHint(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  fields: readonly RootField[],
  routed: RoutedInstance,
): DocumentNode {
  const variable = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: routed.hintVariable } } as const;
  const definition: VariableDefinitionNode = {
    kind: Kind.VARIABLE_DEFINITION,
    variable,
    type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: 'RouteHint' } },
  };
  const argument = { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: '_route' }, value: variable } as const;
  const selections = fields.map(({ field, conditions }) =>
    toSelection({ field: { ...field, arguments: [...(field.arguments ?? []), argument] }, conditions }),
  );
  return withRootFields(document, operation, selections, [definition]);
}
