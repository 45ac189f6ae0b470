import { randomUUID } from 'node:crypto';
import { Kind, type DocumentNode, type GraphQLFormattedError } from 'graphql';
import { getArgumentValues } from 'graphql/execution/values.js';
import { LRUCache } from 'lru-cache';
import { formatCedarEntity } from '../../subgraphs/shared/cedar/cedarEntities.js';
import { principalEntity, type Principal } from '../../subgraphs/shared/principal.js';
import type { Governed } from '../pipeline/Serving.js';
import { conditionsHold } from '../planner/conditionsHold.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import { findOperation } from '../planner/rootFields.js';
import type { Metrics } from '../telemetry/createMetrics.js';
import { analyzeOperation, type Analysis, type Guarded } from './analyzeOperation.js';
import type { PolicyEngine } from './createPolicyEngine.js';
import type { RecordedDecision, Recorder } from './createRecorder.js';
import { prune } from './prune.js';
import { createRuleIndex, type Rule } from './rulesOf.js';

interface Parts {
  readonly supergraph: Supergraph;
  readonly engine: PolicyEngine;
  /** Null: there is nobody to keep decisions. */
  readonly recorder: Recorder | null;
  readonly metrics: Metrics;
  readonly clock: () => number;
}

export type Govern = (document: DocumentNode, variables: Record<string, unknown>, principal: Principal) => Governed;

interface Denial {
  readonly code: 'UNAUTHENTICATED' | 'FORBIDDEN';
  readonly reason: string;
  readonly silent: boolean;
}

const KEPT_PRUNED = 2_000;

/**
 * Decides about every guarded selection of an operation before it is planned: what is denied is cut out, so that no subgraph is ever
 * asked for it, and leaves a located error. What the operation meets is found once; who asks, and for which object, decides each time.
 */
export function createGovernance({ supergraph, engine, recorder, metrics, clock }: Parts): Govern {
  const rulesOf = createRuleIndex(supergraph);
  const analyses = new WeakMap<DocumentNode, Analysis>();
  const pruned = new LRUCache<string, DocumentNode>({ max: KEPT_PRUNED });
  const ids = new WeakMap<Analysis, string>();

  const analysisOf = (document: DocumentNode): Analysis => {
    let analysis = analyses.get(document);
    if (!analysis) {
      const found = analyzeOperation(supergraph.apiSchema, rulesOf, document);
      // Most operations meet no rule, and then the copy with its fragments written out is for nobody.
      analysis = found.guarded.length > 0 ? found : { ...found, operation: findOperation(document) };
      analyses.set(document, analysis);
      ids.set(analysis, randomUUID());
    }
    return analysis;
  };

  return (document, variables, principal) => {
    const analysis = analysisOf(document);
    const taken: Omit<RecordedDecision, 'operation'>[] = [];
    const errors: GraphQLFormattedError[] = [];
    const cut: Guarded[] = [];
    let byPolicies = false;

    const ask = (action: string, type: string | null, id: string | null, { coordinate }: Guarded): Denial | undefined => {
      byPolicies = true;
      const resource = engine.resource(principal, type, id);
      const decision = engine.decide(principal, action, resource, { field: coordinate });
      taken.push({
        id: randomUUID(),
        at: clock(),
        tenant: principal.tenant,
        principal: principalEntity(principal),
        action,
        resource: formatCedarEntity(resource),
        outcome: decision.allowed ? 'ALLOW' : 'DENY',
        rules: decision.rules,
        policyVersion: decision.policyVersion,
        field: coordinate,
        reason: decision.reason,
      });
      return decision.allowed ? undefined : denial(principal, `${action} is denied: ${decision.reason}.`);
    };
    const check = (rule: Rule, guarded: Guarded): Denial | undefined => {
      switch (rule.kind) {
        case 'authenticated':
          return principal.kind === 'ANONYMOUS' ? denial(principal, 'It asks for a caller who is known.') : undefined;
        case 'scopes': {
          if (rule.anyOf.some((scopes) => scopes.every((scope) => principal.scopes.includes(scope)))) return undefined;
          return denial(principal, `It needs the scope ${rule.anyOf.map((scopes) => scopes.join(' and ')).join(', or ')}.`);
        }
        case 'policies': {
          const denials: Denial[] = [];
          for (const actions of rule.anyOf) {
            const refused = actions.map((action) => ask(action, null, null, guarded)).find((each) => each !== undefined);
            if (!refused) return undefined;
            denials.push(refused);
          }
          return denials[0] ?? denial(principal, 'No policy is named that could allow it.');
        }
        case 'governed': {
          const refused = ask(rule.action, rule.resource, resourceId(rule.id, guarded, variables), guarded);
          return refused && { ...refused, silent: rule.silent };
        }
      }
    };
    const visit = (guarded: Guarded): void => {
      if (!conditionsHold(guarded, variables)) return;
      const denials = guarded.rules.flatMap((rule) => check(rule, guarded) ?? []);
      if (denials.length === 0) return guarded.below.forEach(visit);
      cut.push(guarded);
      const told = denials.find(({ silent }) => !silent);
      if (told) errors.push(toError(guarded, told));
    };
    analysis.guarded.forEach(visit);

    const denied = new Set<unknown>(cut.map(({ node }) => node));
    const left = analysis.operation.selectionSet.selections.some((selection) => !denied.has(selection));
    return {
      document:
        denied.size === 0 ? document : prunedOf(pruned, `${ids.get(analysis)} ${positions(analysis, denied)}`, analysis, denied),
      denied: errors,
      nothingLeft: !left,
      byPolicies,
      record: (operation) => {
        for (const { outcome } of taken) metrics.decision(outcome);
        recorder?.record(taken.map((decision) => ({ ...decision, operation })));
      },
    };
  };
}

function denial({ kind }: Principal, reason: string): Denial {
  return { code: kind === 'ANONYMOUS' ? 'UNAUTHENTICATED' : 'FORBIDDEN', reason, silent: false };
}

function toError({ coordinate, path, node }: Guarded, { code, reason }: Denial): GraphQLFormattedError {
  const what = node.kind === Kind.FIELD ? coordinate : `The type ${coordinate}`;
  const way = code === 'UNAUTHENTICATED' ? ' Send a valid `Authorization: Bearer` header.' : '';
  return { message: `${what} is not for this caller. ${reason}${way}`, path: [...path], extensions: { code } };
}

/** The id that the arguments name; null: none. */
function resourceId(path: readonly string[] | null, { field, node }: Guarded, variables: Record<string, unknown>): string | null {
  if (!path || !field || node.kind !== Kind.FIELD) return null;
  const args: unknown = getArgumentValues(field, node, variables);
  const value = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], args);
  return typeof value === 'string' ? value : null;
}

/** Which guarded selections were cut, by their place in the walk: equal places of one analysis make equal documents. */
function positions({ guarded }: Analysis, denied: ReadonlySet<unknown>): string {
  const cut: number[] = [];
  let place = 0;
  const visit = (each: Guarded): void => {
    if (denied.has(each.node)) cut.push(place);
    place++;
    each.below.forEach(visit);
  };
  guarded.forEach(visit);
  return cut.join(',');
}

function prunedOf(
  kept: LRUCache<string, DocumentNode>,
  key: string,
  { operation }: Analysis,
  denied: ReadonlySet<unknown>,
): DocumentNode {
  let document = kept.get(key);
  if (!document) kept.set(key, (document = prune(operation, denied)));
  return document;
}
