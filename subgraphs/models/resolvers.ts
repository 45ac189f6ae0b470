import DataLoader from 'dataloader';
import { readPage, toConnection } from '../shared/connection.js';
import type { RequestContext } from '../shared/requestContext.js';
import type { SnapshotPage } from '../shared/snapshot.js';
import type { SubgraphResources } from '../shared/Subgraph.js';
import {
  countModels,
  findModelPage,
  findModelsAfter,
  findModelsByIds,
  toModelRecord,
  type Model,
  type ModelFilter,
} from './modelStore.js';
import { registerModel, setApproval, type ModelPayload, type ModelRegisterInput } from './registerModel.js';

export interface ModelsContext {
  readonly request: RequestContext;
  readonly resources: SubgraphResources;
  readonly models: DataLoader<string, Model | undefined>;
}

export function createContext(request: RequestContext, resources: SubgraphResources): ModelsContext {
  const { tenant, scopes } = request.principal;
  const reach = scopes.includes('tenant.any') ? null : (tenant ?? '');
  return { request, resources, models: new DataLoader((ids) => findModelsByIds(resources.database, reach, ids)) };
}

const SNAPSHOT_PAGE = 1_000;

export const resolvers = {
  Query: {
    model: async (_: unknown, { id }: { id: string }, { models }: ModelsContext) => (await models.load(id)) ?? null,

    models: async (
      _: unknown,
      args: { filter?: ModelFilter | null; first?: number | null; after?: string | null },
      { request, resources: { database } }: ModelsContext,
    ) => {
      const tenant = request.principal.tenant ?? '';
      const filter = args.filter ?? {};
      const page = readPage(args);
      const rows = await findModelPage(database, tenant, filter, page);
      const total = await countModels(database, tenant, filter);
      return toConnection(rows, page.limit, page.after !== null, total, ({ createdAt, id }) => ({
        sortKey: createdAt.toISOString(),
        id,
      }));
    },

    _snapshot: async (_: unknown, { after }: { after?: string | null }, { resources }: ModelsContext): Promise<SnapshotPage> => {
      const models = await findModelsAfter(resources.database, after ?? '', SNAPSHOT_PAGE);
      return { models: models.map(toModelRecord), next: models.length === SNAPSHOT_PAGE ? models.at(-1)!.id : null };
    },
  },

  Mutation: {
    modelRegister: async (
      _: unknown,
      { input }: { input: ModelRegisterInput },
      { request, resources }: ModelsContext,
    ): Promise<ModelPayload> => {
      const payload = await resources.database.transaction((tx) =>
        registerModel(tx, request.principal, input, resources.clock()),
      );
      resources.wakeRelay();
      return payload;
    },
    modelSetApproval: async (
      _: unknown,
      args: { id: string; status: Model['approval']['status']; reason?: string | null },
      { request, resources }: ModelsContext,
    ): Promise<ModelPayload> => {
      const payload = await resources.database.transaction((tx) => setApproval(tx, request.principal, args, resources.clock()));
      resources.wakeRelay();
      return payload;
    },
  },

  Model: {
    __resolveReference: async ({ id }: { id: string }, { models }: ModelsContext) => (await models.load(id)) ?? null,
  },
};
