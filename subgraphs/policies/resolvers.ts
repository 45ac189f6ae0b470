import { formatCedarEntity } from '../shared/cedar/cedarEntities.js';
import { readPage, toConnection } from '../shared/connection.js';
import { principalEntity } from '../shared/principal.js';
import type { RequestContext } from '../shared/requestContext.js';
import type { SnapshotPage } from '../shared/snapshot.js';
import type { SubgraphResources } from '../shared/Subgraph.js';
import { checkPolicies, type PolicyCheckInput } from './checkPolicies.js';
import { countDecisions, findDecisionPage, type DecisionFilter } from './decisionStore.js';
import { createLoaders, toDecisionConnection, type PageArguments, type PoliciesLoaders } from './loaders.js';
import { countPolicies, findPoliciesAfter, findPolicyPage, toPolicyRecord } from './policyStore.js';
import { putPolicy, setEnabled, type PolicyPayload, type PolicyPutInput } from './putPolicy.js';
import { parseDecisions, recordDecisions } from './recordDecisions.js';

export interface PoliciesContext {
  readonly request: RequestContext;
  readonly resources: SubgraphResources;
  readonly loaders: PoliciesLoaders;
}

export function createContext(request: RequestContext, resources: SubgraphResources): PoliciesContext {
  const tenant = request.principal.tenant ?? '';
  const reach = request.principal.scopes.includes('tenant.any') ? null : tenant;
  return { request, resources, loaders: createLoaders(resources.database, tenant, reach) };
}

const SNAPSHOT_PAGE = 1_000;

export const resolvers = {
  Query: {
    me: (_: unknown, __: unknown, { request: { principal } }: PoliciesContext) => ({
      ...principal,
      entity: principalEntity(principal),
    }),

    policy: async (_: unknown, { id }: { id: string }, { loaders }: PoliciesContext) => (await loaders.policy.load(id)) ?? null,

    policies: async (_: unknown, args: PageArguments, { request, resources: { database } }: PoliciesContext) => {
      const tenant = request.principal.tenant ?? '';
      const page = readPage(args);
      const rows = await findPolicyPage(database, tenant, page);
      const total = await countPolicies(database, tenant);
      return toConnection(rows, page.limit, page.after !== null, total, ({ createdAt, id }) => ({
        sortKey: createdAt.toISOString(),
        id,
      }));
    },

    policyCheck: (_: unknown, { input }: { input: PolicyCheckInput }, { request, resources }: PoliciesContext) =>
      checkPolicies(resources.database, request.principal, input),

    governanceDecisions: async (
      _: unknown,
      { filter, ...args }: PageArguments & { filter?: DecisionFilter | null },
      { request, resources: { database } }: PoliciesContext,
    ) => {
      const tenant = request.principal.tenant ?? '';
      const page = readPage(args);
      const rows = await findDecisionPage(database, tenant, filter ?? {}, page);
      const total = await countDecisions(database, tenant, filter ?? {});
      return toDecisionConnection(rows, page.limit, page.after !== null, total);
    },

    _snapshot: async (
      _: unknown,
      { after }: { after?: string | null },
      { resources }: PoliciesContext,
    ): Promise<SnapshotPage> => {
      const policies = await findPoliciesAfter(resources.database, after ?? '', SNAPSHOT_PAGE);
      return { policies: policies.map(toPolicyRecord), next: policies.length === SNAPSHOT_PAGE ? policies.at(-1)!.id : null };
    },
  },

  Mutation: {
    policyPut: async (
      _: unknown,
      { input }: { input: PolicyPutInput },
      { request, resources: { database, clock, wakeRelay } }: PoliciesContext,
    ): Promise<PolicyPayload> => {
      const payload = await database.transaction((tx) => putPolicy(tx, request.principal, input, clock()));
      wakeRelay();
      return payload;
    },

    policySetEnabled: async (
      _: unknown,
      args: { id: string; enabled: boolean },
      { request, resources: { database, clock, wakeRelay } }: PoliciesContext,
    ): Promise<PolicyPayload> => {
      const payload = await database.transaction((tx) => setEnabled(tx, request.principal, args, clock()));
      wakeRelay();
      return payload;
    },

    _recordDecisions: async (
      _: unknown,
      args: { decisions: unknown },
      { resources: { database, clock, wakeRelay } }: PoliciesContext,
    ): Promise<number> => {
      const decisions = parseDecisions(args.decisions);
      const recorded = await database.transaction((tx) => recordDecisions(tx, decisions, clock()));
      wakeRelay();
      return recorded;
    },
  },

  Policy: {
    __resolveReference: async ({ id }: { id: string }, { loaders }: PoliciesContext) => (await loaders.policy.load(id)) ?? null,
  },
  GovernanceDecision: {
    __resolveReference: async ({ id }: { id: string }, { loaders }: PoliciesContext) => (await loaders.decision.load(id)) ?? null,
  },
  Agent: {
    __resolveReference: async ({ id }: { id: string }) => ({ id }),
    decisions: ({ id }: { id: string }, page: PageArguments, { loaders }: PoliciesContext) =>
      loaders.decisionsOf(formatCedarEntity({ type: 'Agent', id }), page),
  },
};
