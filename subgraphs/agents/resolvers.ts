import { checkTaskInput } from '../shared/checkTaskInput.js';
import { readPage, toConnection } from '../shared/connection.js';
import type { Queryable } from '../shared/database/Database.js';
import { MeshError } from '../shared/errors.js';
import { formatUsd, parseUsd } from '../shared/money.js';
import type { RequestContext } from '../shared/requestContext.js';
import { verifyRouteHint, type RouteHint } from '../shared/routeHint.js';
import type { SnapshotPage } from '../shared/snapshot.js';
import type { SubgraphResources } from '../shared/Subgraph.js';
import type { UserError } from '../shared/userErrors.js';
import { countAgents, findAgentPage, findAgentsAfter, toAgentRecord, type Agent, type AgentFilter } from './agentStore.js';
import {
  registerAgent,
  setStatus,
  updateAgent,
  type AgentPayload,
  type AgentRegisterInput,
  type AgentUpdateInput,
} from './changeAgent.js';
import type { Egress } from './egress/createEgress.js';
import { fromAgentCard } from './fromAgentCard.js';
import { toTaskConnection, type AgentsLoaders } from './loaders.js';
import { toRouteDecision, type RouteDecision } from './routeStore.js';
import type { Runner } from './runner/createRunner.js';
import { noRouteError } from './runner/taskEnds.js';
import type { Attempt, Task, TaskInput } from './Task.js';
import { countTasks, findTaskPage, measureLatencies, type TaskFilter } from './taskStore.js';

export interface AgentsContext {
  readonly request: RequestContext;
  readonly resources: SubgraphResources;
  readonly runner: Runner;
  readonly egress: Egress;
  readonly loaders: AgentsLoaders;
}

type Page = { readonly first?: number | null; readonly after?: string | null };
type Routed = { readonly input: TaskInput; readonly _route?: unknown };
type HasAgentAndModel = { readonly agentId: string | null; readonly modelId: string | null };

const SNAPSHOT_PAGE = 1_000;

const agentAndModel = {
  agent: ({ agentId }: HasAgentAndModel, _: unknown, { loaders }: AgentsContext) => agentId && loaders.agent.load(agentId),
  model: ({ modelId }: HasAgentAndModel) => modelId && { id: modelId },
};

export const resolvers = {
  Query: {
    agent: (_: unknown, { id }: { id: string }, { loaders }: AgentsContext) => loaders.agent.load(id),
    task: (_: unknown, { id }: { id: string }, { loaders }: AgentsContext) => loaders.task.load(id),

    agents: async (_: unknown, args: Page & { filter?: AgentFilter | null }, { request, resources }: AgentsContext) => {
      const tenant = request.principal.tenant ?? '';
      const filter = args.filter ?? {};
      const { limit, after } = readPage(args);
      const rows = await findAgentPage(resources.database, tenant, filter, { limit, after });
      const total = await countAgents(resources.database, tenant, filter);
      return toConnection(rows, limit, after !== null, total, ({ createdAt, id }) => ({ sortKey: createdAt.toISOString(), id }));
    },

    tasks: async (_: unknown, args: Page & { filter?: TaskFilter | null }, { request, resources }: AgentsContext) => {
      const tenant = request.principal.tenant ?? '';
      const filter = args.filter ?? {};
      const page = readPage(args);
      const rows = await findTaskPage(resources.database, tenant, filter, page);
      return toTaskConnection(rows, page, await countTasks(resources.database, tenant, filter));
    },

    ask: async (_: unknown, args: Routed, { request, resources, runner }: AgentsContext) => {
      const hint = await readHint(args, 'Query.ask', request, resources);
      const { principal, traceparent } = request;
      const given = { principal, tenant: tenantOf(request), input: args.input, hint, traceparent };
      if (hint.ranked.length === 0) throw noRoute(hint);
      const task = await runner.ask(given, hint.deadlineAt ?? request.deadlineAt);
      if (!task.error) return task;
      throw new MeshError(task.error.code, task.error.message, { extensions: { taskId: task.id } });
    },

    routePreview: async (_: unknown, args: Routed, { request, resources }: AgentsContext) =>
      toRouteDecision(await readHint(args, 'Query.routePreview', request, resources)),

    _snapshot: async (_: unknown, { after }: { after?: string | null }, { resources }: AgentsContext): Promise<SnapshotPage> => {
      const agents = await findAgentsAfter(resources.database, after ?? '', SNAPSHOT_PAGE);
      const latencies = after ? [] : await measureLatencies(resources.database);
      return {
        agents: agents.map(toAgentRecord),
        latencies,
        next: agents.length === SNAPSHOT_PAGE ? agents.at(-1)!.id : null,
      };
    },
  },

  Mutation: {
    agentRegister: async (_: unknown, { input }: { input: AgentRegisterInput }, context: AgentsContext) => {
      const full = await fromAgentCard(input, context.egress);
      if ('userErrors' in full) return { agent: null, userErrors: full.userErrors };
      return change(context, (tx, nowMs) => registerAgent(tx, context.request.principal, full.input, nowMs));
    },
    agentUpdate: (_: unknown, { input }: { input: AgentUpdateInput }, context: AgentsContext) =>
      change(context, (tx, nowMs) => updateAgent(tx, context.request.principal, input, nowMs)),
    agentSetStatus: (_: unknown, args: { id: string; status: Agent['status'] }, context: AgentsContext) =>
      change(context, (tx, nowMs) => setStatus(tx, context.request.principal, args, nowMs)),

    taskRun: async (_: unknown, args: Routed, { request, resources, runner }: AgentsContext) => {
      try {
        const hint = await readHint(args, 'Mutation.taskRun', request, resources);
        if (hint.ranked.length === 0) throw noRoute(hint);
        const { principal, traceparent } = request;
        const task = await runner.enqueue({ principal, tenant: tenantOf(request), input: args.input, hint, traceparent });
        return { task, userErrors: [], rejected: [] };
      } catch (error) {
        if (!(error instanceof MeshError) || !BUSINESS.has(error.code)) throw error;
        const refusal: UserError = { code: error.code, message: error.message, path: ['input'] };
        return { task: null, userErrors: [refusal], rejected: error.extensions['rejected'] ?? [] };
      }
    },
  },

  Agent: {
    __resolveReference: async ({ id }: { id: string }, { loaders }: AgentsContext) => (await loaders.agent.load(id)) ?? null,
    models: ({ modelIds }: Agent) => modelIds.map((id) => ({ id })),
    supervisor: ({ supervisorId }: Agent, _: unknown, { loaders }: AgentsContext) =>
      supervisorId && loaders.agent.load(supervisorId),
    reports: ({ id }: Agent, _: unknown, { loaders }: AgentsContext) => loaders.reports.load(id),
    tasks: ({ id }: Agent, args: Page, { loaders }: AgentsContext) => loaders.tasksOf(readPage(args)).load(id),
  },
  Task: {
    __resolveReference: async ({ id }: { id: string }, { loaders }: AgentsContext) => (await loaders.task.load(id)) ?? null,
    ...agentAndModel,
    // Who answers must not know the answer, not even afterwards: the next task may be the same.
    input: ({ input }: Task, _: unknown, { request }: AgentsContext) =>
      request.principal.kind === 'AGENT' ? { ...input, reference: undefined } : input,
    route: ({ hint }: Task, _: unknown, { loaders }: AgentsContext) => loaders.route.load(hint.routeId),
    attempts: ({ id }: Task, _: unknown, { loaders }: AgentsContext) => loaders.attempts.load(id),
  },
  TaskAttempt: agentAndModel,
  Answer: {
    ...agentAndModel,
    task: (task: Task) => task,
    expectedQuality: ({ agentId, modelId, hint }: Task) =>
      hint.ranked.find((candidate) => candidate.agentId === agentId && candidate.modelId === modelId)?.expectedQuality,
    costUsd: async ({ id }: Task, _: unknown, { loaders }: AgentsContext) => sumOf(await loaders.attempts.load(id)),
    stale: () => false,
  },
  RouteDecision: {
    __resolveReference: async ({ id }: { id: string }, { loaders }: AgentsContext) => (await loaders.route.load(id)) ?? null,
    ...agentAndModel,
  } satisfies Record<string, unknown> & { agent(decision: RouteDecision, args: unknown, context: AgentsContext): unknown },
  RouteCandidate: agentAndModel,
  RejectedCandidate: agentAndModel,
};

/** Refusals that a mutation reports as userErrors. */
const BUSINESS = new Set(['NO_ROUTE', 'OVER_BUDGET', 'IDEMPOTENCY_CONFLICT', 'BAD_USER_INPUT']);

async function readHint(
  { input, _route }: Routed,
  field: string,
  { principal }: RequestContext,
  { internalKey, clock }: SubgraphResources,
): Promise<RouteHint> {
  const hint = await verifyRouteHint(_route, { principal, field, input }, internalKey, clock());
  checkTaskInput(input);
  return hint;
}

function noRoute(hint: RouteHint): MeshError {
  const { code, message } = noRouteError(hint);
  return new MeshError(code, message, { extensions: { rejected: hint.rejected } });
}

function tenantOf({ principal }: RequestContext): string {
  if (principal.tenant !== null) return principal.tenant;
  throw new MeshError('FORBIDDEN', 'You belong to no tenant; tasks are run for one who does.');
}

async function change(
  { resources }: AgentsContext,
  work: (tx: Queryable, nowMs: number) => Promise<AgentPayload>,
): Promise<AgentPayload> {
  const payload = await resources.database.transaction((tx) => work(tx, resources.clock()));
  resources.wakeRelay();
  return payload;
}

function sumOf(attempts: readonly Attempt[]): string {
  return formatUsd(attempts.reduce((sum, { costUsd }) => sum + (costUsd === null ? 0n : parseUsd(costUsd)), 0n));
}
