import {
  getNamedType,
  Kind,
  print,
  visit,
  type DocumentNode,
  type GraphQLObjectType,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';
import { getArgumentValues } from 'graphql/execution/values.js';
import { LRUCache } from 'lru-cache';
import { MeshError } from '../errors.js';
import type { DataName } from './dataNames.js';
import { operationFromDocument, QueryPlanner, type PlanNode, type Schema, type SubscriptionNode } from './federation.js';
import { mergeRepeatedEffects } from './mergeRepeatedEffects.js';
import { normalizeSelections } from './normalizeSelections.js';
import type { Supergraph } from './loadSupergraph.js';
import type { OperationPlan, PlanSegment, RoutedInstance } from './OperationPlan.js';
import { findOperation, isIncluded, responseName, rootFieldsOf, toSelection, type RootField } from './rootFields.js';
import { withRootFields } from './withRootFields.js';

export interface Planner {
  /** The plan of a valid operation. Throws PLANNING_FAILED, SUBSCRIPTION_UNSUPPORTED. */
  plan(document: DocumentNode, operationName?: string): OperationPlan;
  /** Whether its plan is there already. */
  isKept(document: DocumentNode, operationName?: string): boolean;
}

/** Plans on the stock query planner, which takes milliseconds; plans are kept, at most `cachedPlans` of them. */
export function createPlanner(supergraph: Supergraph, { cachedPlans = 2_000 }: { cachedPlans?: number } = {}): Planner {
  const queryPlanner = new QueryPlanner(supergraph.federation, { reuseQueryFragments: false });
  const schemas = { client: supergraph.federation.apiSchema(), full: supergraph.federation.schema };
  const plans = new LRUCache<string, OperationPlan>({ max: cachedPlans });
  const texts = new WeakMap<DocumentNode, string>();

  const build = (schema: Schema, document: DocumentNode): PlanNode | SubscriptionNode | undefined => {
    try {
      const fetched = withDataNames(document, supergraph.dataName);
      return queryPlanner.buildQueryPlan(operationFromDocument(schema, fetched, { validate: false })).node;
    } catch (cause) {
      throw new MeshError('PLANNING_FAILED', 'The operation could not be planned.', { cause });
    }
  };
  const buildFetches = (schema: Schema, document: DocumentNode): PlanNode | undefined =>
    build(schema, document) as PlanNode | undefined;

  const planOperation = (asked: DocumentNode, operationName?: string): OperationPlan => {
    const document = normalizeSelections(supergraph.apiSchema, asked, findOperation(asked, operationName));
    const operation = findOperation(document, operationName);
    const allFields = rootFieldsOf(document, operation);
    const fields = operation.operation === 'mutation' ? mergeRepeatedEffects(allFields) : allFields;
    if (operation.operation === 'subscription')
      return planSubscription(supergraph, document, operation, fields, (part) => build(schemas.client, whole(part)));
    const segments: PlanSegment[] = [];
    for (const group of groupFields(supergraph, operation, fields)) {
      if (group.routed) {
        const routed = routedInstance(supergraph, operation, group.fields, segments.length);
        const hinted = withHint(document, operation, group.fields, routed);
        segments.push({ node: buildFetches(schemas.full, whole(hinted)), routed });
      } else {
        segments.push(...planPlain(document, operation, group.fields));
      }
    }
    return { kind: operation.operation, segments, routed: segments.flatMap(({ routed }) => routed ?? []) };
  };
  const planPlain = (document: DocumentNode, operation: OperationDefinitionNode, fields: readonly RootField[]): PlanSegment[] => {
    const fetched = fields.filter(({ field }) => !field.name.value.startsWith('__'));
    if (fetched.length === 0) return [{ node: undefined }];
    const part = withRootFields(document, operation, fetched.map(toSelection));
    const parts = operation.operation === 'query' ? supergraph.splitConflicts(part) : [whole(part)];
    const nodes = parts.map((each) => buildFetches(schemas.client, each));
    // It says nothing when it finds no way, and an answer of nulls would be a lie.
    if (!nodes.some((node) => node))
      throw new MeshError('PLANNING_FAILED', 'No subgraph can resolve what the operation asks for.');
    return nodes.map((node, index) => (index === 0 ? { node } : { node, apart: true }));
  };
  /** An effect is not had twice for what can only be read in parts. */
  const whole = (document: DocumentNode): DocumentNode => {
    if (supergraph.splitConflicts(document).length === 1) return document;
    throw new MeshError(
      'PLANNING_FAILED',
      'Two of the fields require another one with different arguments, which only a query can have. Read one of them by a query.',
    );
  };

  const keyOf = (document: DocumentNode, operationName = ''): string => {
    let text = texts.get(document);
    if (text === undefined) texts.set(document, (text = print(document)));
    return `${operationName}\n${text}`;
  };

  return {
    isKept: (document, operationName) => plans.has(keyOf(document, operationName)),
    plan: (document, operationName) => {
      const key = keyOf(document, operationName);
      let plan = plans.get(key);
      if (!plan) plans.set(key, (plan = planOperation(document, operationName)));
      return plan;
    },
  };
}

function withDataNames(document: DocumentNode, dataName: DataName): DocumentNode {
  return visit(document, {
    Field: (field) => {
      const value = dataName(field);
      return value === responseName(field) ? undefined : { ...field, alias: { kind: Kind.NAME, value } };
    },
  });
}

interface FieldGroup {
  readonly routed: boolean;
  readonly fields: RootField[];
}

/**
 * A routed field stands alone, with every repetition of its response name, or a slow model would delay its neighbours: the planner
 * would fuse them into one fetch. Around routed fields a mutation keeps its order; a query needs none.
 */
function groupFields(supergraph: Supergraph, operation: OperationDefinitionNode, fields: readonly RootField[]): FieldGroup[] {
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

function rootTypeOf({ apiSchema }: Supergraph, operation: OperationDefinitionNode): GraphQLObjectType {
  return apiSchema.getRootType(operation.operation)!;
}

function routedInstance(
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

function withHint(
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

/** The planner cannot take @skip and @include on the one root field of a subscription; whoever subscribes evaluates them first. */
function planSubscription(
  supergraph: Supergraph,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  fields: readonly RootField[],
  build: (document: DocumentNode) => PlanNode | SubscriptionNode | undefined,
): OperationPlan {
  const { name } = rootTypeOf(supergraph, operation);
  const field = fields[0]!.field;
  if (!supergraph.directivesOn(name, field.name.value).some((directive) => directive.name === 'eventStream')) {
    throw new MeshError(
      'SUBSCRIPTION_UNSUPPORTED',
      `${name}.${field.name.value} is not fed by an event topic. Only fields with @eventStream are served.`,
    );
  }
  const node = build(
    withRootFields(
      document,
      operation,
      fields.map((root) => ({ ...root.field, directives: [] })),
    ),
  );
  if (node?.kind !== 'Subscription') throw new MeshError('PLANNING_FAILED', 'The subscription could not be planned.');
  return {
    kind: 'subscription',
    segments: [],
    routed: [],
    subscription: { field: field.name.value, primary: node.primary, rest: node.rest },
  };
}
