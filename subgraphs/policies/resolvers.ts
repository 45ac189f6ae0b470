import DataLoader from 'dataloader';
import { readPage, toConnection } from '../shared/connection.js';
import { principalEntity } from '../shared/principal.js';
import type { RequestContext } from '../shared/requestContext.js';
import type { SnapshotPage } from '../shared/snapshot.js';
import type { SubgraphResources } from '../shared/Subgraph.js';
import { checkPolicies, type PolicyCheckInput } from './checkPolicies.js';
import {
  addDecisions,
  countDecisions,
  findDecisionPage,
  findDecisionsAbout,
  findDecisionsByIds,
  type DecisionFilter,
  type GovernanceDecision,
} from './decisionStore.js';
import {
  countPolicies,
  findDeciding,
  findPoliciesAfter,
  findPoliciesByIds,
  findPolicyPage,
  toPolicyRecord,
  type Policy,
} from './policyStore.js';
import { putPolicy, setPolicyEnabled, type PolicyPayload, type PolicyPutInput } from './putPolicy.js';

interface PageArgs {
  readonly first?: number | null;
  readonly after?: string | null;
}

type DecisionsAbout = { rows: GovernanceDecision[]; total: number };

export interface PoliciesContext {
  readonly request: RequestContext;
  readonly resources: SubgraphResources;
  readonly tenant: string;
  readonly policies: DataLoader<string, Policy | undefined>;
  readonly decisions: DataLoader<string, GovernanceDecision | undefined>;
  /** The first page of decisions about an entity, by page size. */
  readonly about: Map<number, DataLoader<string, DecisionsAbout>>;
}

export function createContext(request: RequestContext, resources: SubgraphResources): PoliciesContext {
  const { database } = resources;
  const tenant = request.principal.tenant ?? '';
  return {
    request,
    resources,
    tenant,
    policies: new DataLoader((ids) => findPoliciesByIds(database, tenant, ids)),
    decisions: new DataLoader((ids) => findDecisionsByIds(database, tenant, ids)),
    about: new Map(),
  };
}

const SNAPSHOT_PAGE = 1_000;
const keyOf = ({ at, id }: GovernanceDecision) => ({ sortKey: at.toISOString(), id });

export const resolvers = {
  Query: {
    me: (_: unknown, __: unknown, { request: { principal } }: PoliciesContext) => ({
      ...principal,
      entity: principalEntity(principal),
    }),
    policy: async (_: unknown, { id }: { id: string }, { policies }: PoliciesContext) => (await policies.load(id)) ?? null,

    policies: async (_: unknown, args: PageArgs, { tenant, resources: { database } }: PoliciesContext) => {
      const page = readPage(args);
      const rows = await findPolicyPage(database, tenant, page);
      const total = await countPolicies(database, tenant);
      return toConnection(rows, page.limit, page.after !== null, total, ({ updatedAt, id }) => ({
        sortKey: updatedAt.toISOString(),
        id,
      }));
    },

    policyCheck: async (_: unknown, { input }: { input: PolicyCheckInput }, { request, tenant, resources }: PoliciesContext) =>
      checkPolicies(await findDeciding(resources.database, tenant), request.principal, input),

    governanceDecisions: async (
      _: unknown,
      { filter, ...args }: PageArgs & { filter?: DecisionFilter | null },
      { tenant, resources }: PoliciesContext,
    ) => pageOfDecisions(resources, tenant, filter ?? {}, null, args),

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
      { request, resources }: PoliciesContext,
    ): Promise<PolicyPayload> => {
      const payload = await resources.database.transaction((tx) => putPolicy(tx, request.principal, input, resources.clock()));
      resources.wakeRelay();
      return payload;
    },
    policySetEnabled: async (
      _: unknown,
      args: { id: string; enabled: boolean },
      { request, resources }: PoliciesContext,
    ): Promise<PolicyPayload> => {
      const payload = await resources.database.transaction((tx) =>
        setPolicyEnabled(tx, request.principal, args, resources.clock()),
      );
      resources.wakeRelay();
      return payload;
    },
    _recordDecisions: async (
      _: unknown,
      { decisions }: { decisions: unknown },
      { resources }: PoliciesContext,
    ): Promise<number> => {
      const added = await resources.database.transaction((tx) => addDecisions(tx, decisions, resources.clock()));
      resources.wakeRelay();
      return added;
    },
  },

  Policy: {
    __resolveReference: async ({ id }: { id: string }, { policies }: PoliciesContext) => (await policies.load(id)) ?? null,
  },
  GovernanceDecision: {
    __resolveReference: async ({ id }: { id: string }, { decisions }: PoliciesContext) => (await decisions.load(id)) ?? null,
  },
  Agent: {
    __resolveReference: async ({ id }: { id: string }) => ({ id }),
    decisions: async ({ id }: { id: string }, args: PageArgs, context: PoliciesContext) => {
      const entity = `Agent::${JSON.stringify(id)}`;
      const { limit, after } = readPage(args);
      if (after !== null) return pageOfDecisions(context.resources, context.tenant, {}, entity, args);
      const { rows, total } = await firstPages(context, limit).load(entity);
      return toConnection(rows, limit, false, total, keyOf);
    },
  },
};

async function pageOfDecisions(
  { database }: SubgraphResources,
  tenant: string,
  filter: DecisionFilter,
  about: string | null,
  args: PageArgs,
) {
  const page = readPage(args);
  const rows = await findDecisionPage(database, tenant, filter, about, page);
  const total = await countDecisions(database, tenant, filter, about);
  return toConnection(rows, page.limit, page.after !== null, total, keyOf);
}

function firstPages({ about, tenant, resources }: PoliciesContext, limit: number): DataLoader<string, DecisionsAbout> {
  let loader = about.get(limit);
  if (!loader) {
    loader = new DataLoader((entities) => findDecisionsAbout(resources.database, tenant, entities, limit));
    about.set(limit, loader);
  }
  return loader;
}
