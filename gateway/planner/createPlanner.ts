import { Kind, print, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { MeshError } from '../errors.js';
import { checkDefer, hasDefer, withoutDefer } from './defer.js';
import type { PlanNode } from './federation.js';
import { labelDefers } from './labelDefers.js';
import { mergeRepeatedEffects } from './mergeRepeatedEffects.js';
import { normalizeSelections } from './normalizeSelections.js';
import type { Supergraph } from './loadSupergraph.js';
import type { OperationPlan, PlanSegment } from './OperationPlan.js';
import { isLabelOn } from './overrideLabels.js';
import { planSubscription } from './planSubscription.js';
import { findOperation, rootFieldsOf, toSelection, toSelections, type RootField } from './rootFields.js';
import { groupFields, routedInstance, withHint } from './routedFields.js';
import { createStockPlanner, type PlannedFor } from './stockPlanner.js';
import { needsTypeConditions } from './typeConditions.js';
import { withRootFields } from './withRootFields.js';

export interface PlanOptions {
  /** True keeps @defer, as nodes of kind Defer. Without it @defer says nothing and all is planned for one answer. */
  readonly defer?: boolean;
}

export interface Planner {
  /**
   * The plan of a valid operation, for one draw of the labels that it meets: ask once for each time it runs. Throws PLANNING_FAILED,
   * SUBSCRIPTION_UNSUPPORTED, and GRAPHQL_VALIDATION_FAILED for an @defer that cannot be kept.
   */
  plan(document: DocumentNode, operationName?: string, options?: PlanOptions): OperationPlan;
  /** Whether a plan of it is there already, whatever the labels. */
  isKept(document: DocumentNode, operationName?: string): boolean;
}

export interface PlannerOptions {
  /** Operations whose plans are kept, at most, */
  readonly cachedPlans?: number;
  /** and characters of their texts: a plan that has been compiled and run holds about two hundred bytes for each. */
  readonly cachedCharacters?: number;
  /** Labels of @override that hold; `percent(n)` that is not among them is decided by chance. */
  readonly overrideLabels?: ReadonlySet<string>;
  /** 0 to below 1. */
  readonly random?: () => number;
}

/** Plans that one operation may have, one for each combination of labels. When there are more, they begin anew. */
const MAX_VARIANTS = 16;

/** Plans on the stock query planner, which takes milliseconds; plans are kept. */
export function createPlanner(supergraph: Supergraph, options: PlannerOptions = {}): Planner {
  const { cachedPlans = 2_000, cachedCharacters = 512 * 1024, overrideLabels = new Set(), random = Math.random } = options;
  const build = createStockPlanner(supergraph);
  const plans = new LRUCache<string, Map<string, OperationPlan>>({
    max: cachedPlans,
    maxSize: cachedCharacters,
    sizeCalculation: (variants, { length }) => length * variants.size,
  });
  const known = new WeakMap<DocumentNode, Known>();

  const planOperation = (
    given: DocumentNode,
    operationName: string | undefined,
    deferring: boolean,
    on: PlannedFor,
  ): OperationPlan => {
    if (deferring) checkDefer(given, findOperation(given).operation, rootFieldsOf(given, findOperation(given)));
    const deferred = deferring ? labelDefers(given) : undefined;
    const asked = deferred?.document ?? given;
    const document = normalizeSelections(supergraph.apiSchema, asked, findOperation(asked, operationName));
    const operation = findOperation(document, operationName);
    const allFields = rootFieldsOf(document, operation);
    const fields = operation.operation === 'mutation' ? mergeRepeatedEffects(allFields) : allFields;
    if (operation.operation === 'subscription')
      return planSubscription(supergraph, document, operation, fields, (part) => build('client', whole(withoutDefer(part)), on));
    const fetches = (schema: 'client' | 'full', part: DocumentNode) => build(schema, part, on) as PlanNode | undefined;
    const segments: PlanSegment[] = [];
    for (const group of groupFields(supergraph, operation, fields)) {
      if (group.routed) {
        const routed = routedInstance(supergraph, operation, group.fields, segments.length);
        segments.push({ node: fetches('full', whole(withHint(document, operation, group.fields, routed))), routed });
      } else {
        segments.push(...planPlain(document, operation, group.fields, deferring, fetches));
      }
    }
    const routed = segments.flatMap((segment) => segment.routed ?? []);
    return { kind: operation.operation, segments, routed, ...(deferred && { deferred }) };
  };
  const planPlain = (
    document: DocumentNode,
    operation: OperationDefinitionNode,
    fields: readonly RootField[],
    deferring: boolean,
    fetches: (schema: 'client', part: DocumentNode) => PlanNode | undefined,
  ): PlanSegment[] => {
    const fetched = fields.filter(({ field }) => !field.name.value.startsWith('__'));
    if (fetched.length === 0) return [{ node: undefined }];
    const part = withRootFields(document, operation, deferring ? toSelections(fetched) : fetched.map(toSelection));
    const nodes = parts(operation, part).map((each) => fetches('client', each));
    // It says nothing when it finds no way, and an answer of nulls would be a lie.
    if (!nodes.some((node) => node))
      throw new MeshError('PLANNING_FAILED', 'No subgraph can resolve what the operation asks for.');
    return nodes.map((node, index) => (index === 0 ? { node } : { node, apart: true }));
  };
  /** What is read in parts is complete before any of it is shown. */
  const parts = ({ operation }: OperationDefinitionNode, part: DocumentNode): readonly DocumentNode[] => {
    if (operation !== 'query') return [whole(part)];
    const split = supergraph.splitConflicts(part);
    return split.length === 1 ? split : split.map(withoutDefer);
  };
  /** An effect is not had twice for what can only be read in parts. */
  const whole = (document: DocumentNode): DocumentNode => {
    if (supergraph.splitConflicts(document).length === 1) return document;
    throw new MeshError(
      'PLANNING_FAILED',
      'Two of the fields require another one with different arguments, which only a query can have. Read one of them by a query.',
    );
  };

  const isTyped = (document: DocumentNode): boolean =>
    document.definitions.some(
      (definition) =>
        definition.kind === Kind.OPERATION_DEFINITION && needsTypeConditions(document, supergraph.apiSchema, definition),
    );
  const knownOf = (document: DocumentNode): Known => {
    let found = known.get(document);
    if (!found) {
      found = {
        text: `\n${print(document)}`,
        labels: supergraph.labelsMet(document),
        defers: hasDefer(document),
        typed: isTyped(document),
      };
      known.set(document, found);
    }
    return found;
  };
  const keyOf = (document: DocumentNode, operationName = ''): string => `${operationName}${knownOf(document).text}`;

  return {
    isKept: (document, operationName) => plans.has(keyOf(document, operationName)),
    plan: (document, operationName, { defer = false } = {}) => {
      const { labels: met, defers, typed } = knownOf(document);
      const key = keyOf(document, operationName);
      const variants = plans.get(key) ?? new Map<string, OperationPlan>();
      const labels = new Map(met.map((label) => [label, isLabelOn(label, overrideLabels, random)]));
      const deferring = defer && defers;
      const variant = `${deferring} ${[...labels.values()].join()}`;
      let plan = variants.get(variant);
      if (!plan) {
        plan = planOperation(defers && !deferring ? withoutDefer(document) : document, operationName, deferring, {
          labels,
          typed,
        });
        const others = variants.size >= MAX_VARIANTS ? [] : variants;
        // A new map, or its size would not be taken again.
        plans.set(key, new Map([...others, [variant, plan]]));
      }
      return plan;
    },
  };
}

/** What never changes about a document. */
interface Known {
  /** After a line break, so that the key of a nameless operation is this very string and not a copy. */
  readonly text: string;
  readonly labels: readonly string[];
  readonly defers: boolean;
  readonly typed: boolean;
}
