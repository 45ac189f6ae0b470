import type { Queryable } from '../shared/database/Database.js';
import type { PageRequest } from '../shared/connection.js';
import { formatUsd, parseUsd } from '../shared/money.js';
import type { Pricing } from '../shared/pricing.js';
import type { ModelRecord } from '../shared/snapshot.js';

export interface Model {
  readonly id: string;
  readonly tenant: string;
  readonly provider: string;
  readonly name: string;
  readonly modalities: readonly string[];
  readonly taskClasses: readonly string[];
  readonly contextWindow: number | null;
  readonly endpoint: string | null;
  readonly apiKeyEnv: string | null;
  readonly regions: readonly string[];
  readonly pricing: Pricing;
  readonly approval: {
    readonly status: ModelRecord['approval'];
    readonly by: string | null;
    readonly at: Date | null;
    readonly reason: string | null;
  };
  readonly version: number;
  readonly createdAt: Date;
}

export interface ModelFilter {
  readonly modality?: string | null;
  readonly taskClass?: string | null;
  readonly approval?: ModelRecord['approval'] | null;
}

/** In the order of `ids`; undefined where there is none. `tenant` null: of every tenant. */
export async function findModelsByIds(
  database: Queryable,
  tenant: string | null,
  ids: readonly string[],
): Promise<(Model | undefined)[]> {
  const models = await select(database, 'm.id = any($1::text[]) and ($2::text is null or m.tenant = $2)', 'm.id', [ids, tenant]);
  const byId = new Map(models.map((model) => [model.id, model]));
  return ids.map((id) => byId.get(id));
}

const MATCHES = `m.tenant = $1 and ($2::text is null or $2 = any(m.modalities)) and ($3::text is null or m.approval = $3)
  and ($4::text is null or m.task_classes = '{}' or $4 = any(m.task_classes))`;

function matchValues(tenant: string, { modality, approval, taskClass }: ModelFilter): unknown[] {
  return [tenant, modality ?? null, approval ?? null, taskClass ?? null];
}

/** Newest first, ties by id; one row more than the page has. */
export function findModelPage(
  database: Queryable,
  tenant: string,
  filter: ModelFilter,
  { limit, after }: PageRequest,
): Promise<Model[]> {
  const where = `${MATCHES} and ($5::timestamptz is null or m.created_at < $5::timestamptz or (m.created_at = $5::timestamptz and m.id > $6))`;
  return select(database, where, 'm.created_at desc, m.id limit $7', [
    ...matchValues(tenant, filter),
    after?.sortKey ?? null,
    after?.id ?? null,
    limit + 1,
  ]);
}

export async function countModels(database: Queryable, tenant: string, filter: ModelFilter): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from models.model m where ${MATCHES}`,
    matchValues(tenant, filter),
  );
  return rows[0]!.count;
}

/** Of every tenant, by id, after `after`. For the gateway's snapshot. */
export function findModelsAfter(database: Queryable, after: string, limit: number): Promise<Model[]> {
  return select(database, 'm.id > $1', 'm.id limit $2', [after, limit]);
}

export async function saveModel(tx: Queryable, model: Model): Promise<void> {
  const { approval } = model;
  await tx.query(
    `insert into models.model (id, tenant, provider, name, modalities, task_classes, context_window, endpoint, api_key_env, regions,
       approval, approved_by, approved_at, approval_reason, version, created_at)
     values ($1, $2, $3, $4, $5::text[], $6::text[], $7, $8, $9, $10::text[], $11, $12, $13, $14, $15, $16)
     on conflict (id) do update set provider = excluded.provider, name = excluded.name, modalities = excluded.modalities,
       task_classes = excluded.task_classes, context_window = excluded.context_window, endpoint = excluded.endpoint,
       api_key_env = excluded.api_key_env, regions = excluded.regions, approval = excluded.approval, approved_by = excluded.approved_by,
       approved_at = excluded.approved_at, approval_reason = excluded.approval_reason, version = excluded.version`,
    [
      model.id,
      model.tenant,
      model.provider,
      model.name,
      model.modalities,
      model.taskClasses,
      model.contextWindow,
      model.endpoint,
      model.apiKeyEnv,
      model.regions,
      approval.status,
      approval.by,
      approval.at,
      approval.reason,
      model.version,
      model.createdAt,
    ],
  );
}

export async function addPriceVersion(tx: Queryable, modelId: string, pricing: Pricing, at: Date): Promise<void> {
  await tx.query(
    `insert into models.price_version (model_id, version, input_per_mtok, output_per_mtok, cached_input_per_mtok, per_request, at)
     values ($1, $2, $3::numeric, $4::numeric, $5::numeric, $6::numeric, $7) on conflict do nothing`,
    [
      modelId,
      pricing.version,
      pricing.inputPerMTokUsd,
      pricing.outputPerMTokUsd,
      pricing.cachedInputPerMTokUsd,
      pricing.perRequestUsd,
      at,
    ],
  );
}

/** What the gateway holds of a model. */
export function toModelRecord({ approval, ...model }: Model): ModelRecord {
  const { id, tenant, provider, name, endpoint, apiKeyEnv, modalities, taskClasses, contextWindow, pricing, regions, version } =
    model;
  const connection = { name, endpoint, apiKeyEnv };
  return {
    id,
    tenant,
    provider,
    connection,
    modalities,
    taskClasses,
    contextWindow,
    pricing,
    approval: approval.status,
    regions,
    version,
  };
}

interface ModelRow {
  id: string;
  tenant: string;
  provider: string;
  name: string;
  modalities: string[];
  task_classes: string[];
  context_window: number | null;
  endpoint: string | null;
  api_key_env: string | null;
  regions: string[];
  approval: ModelRecord['approval'];
  approved_by: string | null;
  approved_at: Date | null;
  approval_reason: string | null;
  version: number;
  created_at: Date;
  price_version: number;
  input_per_mtok: string;
  output_per_mtok: string;
  cached_input_per_mtok: string | null;
  per_request: string | null;
}

async function select(database: Queryable, where: string, order: string, values: readonly unknown[]): Promise<Model[]> {
  const { rows } = await database.query<ModelRow>(
    `select m.id, m.tenant, m.provider, m.name, m.modalities, m.task_classes, m.context_window, m.endpoint, m.api_key_env, m.regions,
       m.approval, m.approved_by, m.approved_at, m.approval_reason, m.version, m.created_at,
       p.version as price_version, p.input_per_mtok, p.output_per_mtok, p.cached_input_per_mtok, p.per_request
     from models.model m
     join lateral (select * from models.price_version v where v.model_id = m.id order by v.version desc limit 1) p on true
     where ${where} order by ${order}`,
    values,
  );
  return rows.map((row) => ({
    id: row.id,
    tenant: row.tenant,
    provider: row.provider,
    name: row.name,
    modalities: row.modalities,
    taskClasses: row.task_classes,
    contextWindow: row.context_window,
    endpoint: row.endpoint,
    apiKeyEnv: row.api_key_env,
    regions: row.regions,
    pricing: {
      inputPerMTokUsd: plain(row.input_per_mtok),
      outputPerMTokUsd: plain(row.output_per_mtok),
      cachedInputPerMTokUsd: row.cached_input_per_mtok === null ? null : plain(row.cached_input_per_mtok),
      perRequestUsd: row.per_request === null ? null : plain(row.per_request),
      version: row.price_version,
    },
    approval: { status: row.approval, by: row.approved_by, at: row.approved_at, reason: row.approval_reason },
    version: row.version,
    createdAt: row.created_at,
  }));
}

function plain(numeric: string): string {
  return formatUsd(parseUsd(numeric));
}
