import { astFromValue, isSpecifiedDirective, Kind, visit, type ArgumentNode, type DocumentNode } from 'graphql';
import { MeshError } from '../errors.js';
import { withEveryFragment } from './everyFragment.js';
import { operationFromDocument, QueryPlanner, type PlanNode, type Schema, type SubscriptionNode } from './federation.js';
import { joinFetches } from './joinFetches.js';
import type { Supergraph } from './loadSupergraph.js';
import { mapFetches } from './mapFetches.js';
import { mendFetchGroups } from './mendFetchGroups.js';
import { responseName } from './rootFields.js';
import { withTypeSteps } from './typeConditions.js';
import { fetchedVariable } from './variableNames.js';
import { withKeys } from './withKeys.js';

/** What one plan is made for, beside its operation. */
export interface PlannedFor {
  /** By label: whether its override holds. Labels that are missing do not. */
  readonly labels: ReadonlyMap<string, boolean>;
  /** See needsTypeConditions. */
  readonly typed?: boolean;
}

/** The plan of a document with one operation, by the API schema or by the whole one; undefined when there is nothing to fetch. */
export type BuildPlan = (
  schema: 'client' | 'full',
  document: DocumentNode,
  plannedFor: PlannedFor,
) => PlanNode | SubscriptionNode | undefined;

mendFetchGroups();

/** The stock planner, which takes milliseconds and remembers nothing. Throws PLANNING_FAILED. */
export function createStockPlanner(supergraph: Supergraph): BuildPlan {
  const { federation } = supergraph;
  const plannerWith = (typeConditionedFetching: boolean): QueryPlanner =>
    new QueryPlanner(federation, {
      reuseQueryFragments: false,
      incrementalDelivery: { enableDefer: true },
      typeConditionedFetching,
    });
  const usual = plannerWith(false);
  let typedOne: QueryPlanner | undefined;
  const schemas: Record<string, Schema> = { client: federation.apiSchema(), full: federation.schema };
  return (schema, document, { labels, typed = false }) => {
    try {
      const operation = operationFromDocument(schemas[schema]!, asFetched(document, supergraph), { validate: false });
      const options = { overrideConditions: new Map(labels) };
      const planner = typed ? (typedOne ??= plannerWith(true)) : usual;
      const { node } = withEveryFragment(() => planner.buildQueryPlan(operation, options));
      if (!node) return undefined;
      const complete = (each: PlanNode): PlanNode => mapFetches(each, (fetch) => withKeys(fetch, supergraph));
      if (node.kind === 'Subscription') return { ...node, ...(node.rest && { rest: complete(node.rest) }) };
      return joinFetches(complete(typed ? withTypeSteps(node) : node), supergraph.requiredInputs);
    } catch (cause) {
      throw new MeshError('PLANNING_FAILED', 'The operation could not be planned.', { cause });
    }
  };
}

/**
 * The document as the subgraphs are asked: each field under the name that its data is kept by, variables under names that the planner
 * does not use, and directives of the schema's own with the defaults of their arguments, which a subgraph need not have.
 */
function asFetched(document: DocumentNode, { dataName, apiSchema }: Supergraph): DocumentNode {
  return visit(document, {
    Field: (field) => {
      const value = dataName(field);
      return value === responseName(field) ? undefined : { ...field, alias: { kind: Kind.NAME, value } };
    },
    Variable: (variable) => {
      const value = fetchedVariable(variable.name.value);
      return value === variable.name.value ? undefined : { ...variable, name: { kind: Kind.NAME, value } };
    },
    Directive: (directive) => {
      const definition = apiSchema.getDirective(directive.name.value);
      if (!definition || isSpecifiedDirective(definition)) return undefined;
      const missing = definition.args.filter(({ name }) => !directive.arguments?.some((given) => given.name.value === name));
      const defaults = missing.flatMap(({ name, type, defaultValue }): ArgumentNode[] => {
        const value = astFromValue(defaultValue, type);
        return value ? [{ kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value }] : [];
      });
      return defaults.length > 0 ? { ...directive, arguments: [...(directive.arguments ?? []), ...defaults] } : undefined;
    },
  });
}
