import { canonicalJson } from '../shared/canonicalJson.js';
import type { Queryable } from '../shared/database/Database.js';
import { formatUsd, parseUsd } from '../shared/money.js';
import { newEvent, publish } from '../shared/outbox.js';
import { perToken, type Pricing } from '../shared/pricing.js';
import { principalEntity, type Principal } from '../shared/principal.js';
import { badInput, isValidId, notFound, type UserError } from '../shared/userErrors.js';
import { addPriceVersion, findModelsByIds, saveModel, toModelRecord, type Model } from './modelStore.js';

export interface ModelRegisterInput {
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  readonly modalities?: readonly string[] | null;
  readonly taskClasses?: readonly string[] | null;
  readonly contextWindow?: number | null;
  readonly endpoint?: string | null;
  readonly apiKeyEnv?: string | null;
  readonly pricing: {
    readonly inputPerMTokUsd: string;
    readonly outputPerMTokUsd: string;
    readonly cachedInputPerMTokUsd?: string | null;
    readonly perRequestUsd?: string | null;
  };
  readonly regions?: readonly string[] | null;
}

export interface ModelPayload {
  readonly model: Model | null;
  readonly userErrors: readonly UserError[];
}

/**
 * Registers a model, or replaces the one with this id and keeps its approval. Changed prices become a new price version; the same
 * input again changes nothing and tells nobody.
 */
export async function registerModel(
  tx: Queryable,
  principal: Principal,
  input: ModelRegisterInput,
  nowMs: number,
): Promise<ModelPayload> {
  const errors = problemsOf(principal, input);
  if (errors.length > 0) return { model: null, userErrors: errors };
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`model ${input.id}`]);
  const [existing] = await findModelsByIds(tx, null, [input.id]);
  if (existing && existing.tenant !== principal.tenant) {
    return {
      model: null,
      userErrors: [{ code: 'ALREADY_EXISTS', message: `The id "${input.id}" is taken. Choose another.`, path: ['input', 'id'] }],
    };
  }
  const model = merge(existing, principal.tenant!, input, nowMs);
  if (existing && canonicalJson({ ...existing, version: 0 }) === canonicalJson({ ...model, version: 0 }))
    return { model: existing, userErrors: [] };
  await saveModel(tx, model);
  await addPriceVersion(tx, model.id, model.pricing, new Date(nowMs));
  await tell(tx, model, nowMs);
  return { model, userErrors: [] };
}

export async function setApproval(
  tx: Queryable,
  principal: Principal,
  { id, status, reason }: { id: string; status: Model['approval']['status']; reason?: string | null },
  nowMs: number,
): Promise<ModelPayload> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`model ${id}`]);
  const [existing] = await findModelsByIds(tx, principal.tenant ?? '', [id]);
  if (!existing) return { model: null, userErrors: [notFound('model', id)] };
  if ((reason?.length ?? 0) > MAX_TEXT)
    return { model: null, userErrors: [badInput(['reason'], `A reason has at most ${MAX_TEXT} characters.`)] };
  const approval = { status, by: principalEntity(principal), at: new Date(nowMs), reason: reason ?? null };
  const model = { ...existing, approval, version: existing.version + 1 };
  await saveModel(tx, model);
  await tell(tx, model, nowMs);
  return { model, userErrors: [] };
}

async function tell(tx: Queryable, model: Model, nowMs: number): Promise<void> {
  const data = { tenant: model.tenant, record: toModelRecord(model) };
  await publish(tx, 'models', newEvent('model.changed', model.id, data, { subgraph: 'models', nowMs }));
}

function merge(existing: Model | undefined, tenant: string, input: ModelRegisterInput, nowMs: number): Model {
  return {
    id: input.id,
    tenant,
    provider: input.provider,
    name: input.name,
    modalities: input.modalities ?? ['text'],
    taskClasses: input.taskClasses ?? [],
    contextWindow: input.contextWindow ?? null,
    endpoint: input.endpoint ?? null,
    apiKeyEnv: input.apiKeyEnv ?? null,
    regions: input.regions ?? [],
    pricing: nextPricing(existing?.pricing, input.pricing),
    approval: existing?.approval ?? { status: 'PENDING', by: null, at: null, reason: null },
    version: (existing?.version ?? 0) + 1,
    createdAt: existing?.createdAt ?? new Date(nowMs),
  };
}

function nextPricing(current: Pricing | undefined, input: ModelRegisterInput['pricing']): Pricing {
  const optional = (text: string | null | undefined): string | null => (text === null || text === undefined ? null : plain(text));
  const wanted = {
    inputPerMTokUsd: plain(input.inputPerMTokUsd),
    outputPerMTokUsd: plain(input.outputPerMTokUsd),
    cachedInputPerMTokUsd: optional(input.cachedInputPerMTokUsd),
    perRequestUsd: optional(input.perRequestUsd),
  };
  const version = current?.version ?? 0;
  const unchanged = current !== undefined && canonicalJson({ ...wanted, version }) === canonicalJson(current);
  return { ...wanted, version: unchanged ? version : version + 1 };
}

function plain(decimal: string): string {
  return formatUsd(parseUsd(decimal));
}

const MAX_TEXT = 1_000;
const MAX_ITEMS = 100;

function problemsOf({ tenant }: Principal, input: ModelRegisterInput): UserError[] {
  const errors: UserError[] = [];
  const check = (holds: boolean, path: readonly string[], message: string): void => {
    if (!holds) errors.push(badInput(['input', ...path], message));
  };
  check(tenant !== null, [], 'You belong to no tenant; register the model as one who does.');
  check(isValidId(input.id), ['id'], 'An id has 1 to 200 characters and neither begins nor ends with a space.');
  for (const name of ['provider', 'name'] as const) check(isText(input[name]), [name], `It has 1 to ${MAX_TEXT} characters.`);
  for (const name of ['modalities', 'taskClasses', 'regions'] as const) {
    const items = input[name] ?? [];
    check(items.length <= MAX_ITEMS && items.every(isText), [name], `At most ${MAX_ITEMS}, none of them empty.`);
  }
  check(input.modalities?.length !== 0, ['modalities'], 'A model has at least one modality.');
  check((input.contextWindow ?? 1) > 0, ['contextWindow'], 'A context window has at least one token.');
  check(isHttp(input.endpoint ?? null), ['endpoint'], 'An endpoint is an http or https URL without a user or a password in it.');
  const keyName = input.apiKeyEnv ?? 'MESH_MODEL_KEY_X';
  check(
    /^MESH_MODEL_KEY_[A-Z0-9_]+$/.test(keyName) && !keyName.endsWith('_HOSTS'),
    ['apiKeyEnv'],
    'Name the variable that holds the key; it begins with MESH_MODEL_KEY_ and does not end with _HOSTS.',
  );
  for (const name of ['inputPerMTokUsd', 'outputPerMTokUsd', 'cachedInputPerMTokUsd'] as const) {
    const price = input.pricing[name] ?? '0';
    check(isPrice(price, perToken), ['pricing', name], `"${price}" is not a price: zero or more, with at most six decimals.`);
  }
  const perRequest = input.pricing.perRequestUsd ?? '0';
  check(isPrice(perRequest, parseUsd), ['pricing', 'perRequestUsd'], `"${perRequest}" is not a price: zero or more.`);
  return errors;
}

function isText(text: string): boolean {
  return text.trim().length > 0 && text.length <= MAX_TEXT;
}

function isHttp(endpoint: string | null): boolean {
  if (endpoint === null) return true;
  if (!URL.canParse(endpoint)) return false;
  const { protocol, username, password } = new URL(endpoint);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

function isPrice(text: string, read: (text: string) => bigint): boolean {
  try {
    return read(text) >= 0n;
  } catch {
    return false;
  }
}
