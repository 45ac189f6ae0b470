import { formatUsd } from '../../subgraphs/shared/money.js';

/** An entry of `Query.ledger`, as far as an export reads it. */
export interface ExportedEntry {
  readonly id: string;
  readonly at: string;
  readonly tenant: string;
  readonly taskClass: string;
  readonly customerId: string | null;
  readonly priceVersion: number;
  readonly task: { readonly id: string } | null;
  readonly agent: { readonly id: string; readonly name: string } | null;
  readonly model: { readonly id: string; readonly name: string; readonly provider: string } | null;
  readonly charges: readonly {
    readonly kind: 'INPUT' | 'CACHED_INPUT' | 'OUTPUT' | 'REQUEST';
    readonly quantity: number;
    readonly unitPriceUsd: string;
    readonly usd: string;
  }[];
}

/** Texts; numbers as exact decimals. Null: the column does not apply. */
export type FocusRow = Readonly<Record<FocusColumn, string | null>>;

/**
 * The columns of FOCUS 1.2 (https://focus.finops.org/focus-specification/v1-2) that apply to calls of models, in the order of the
 * alphabet, and own ones with x_ as the specification wants it. `true`: a number.
 */
const COLUMNS = {
  BilledCost: true,
  BillingAccountId: false,
  BillingAccountName: false,
  BillingAccountType: false,
  BillingCurrency: false,
  BillingPeriodEnd: false,
  BillingPeriodStart: false,
  ChargeCategory: false,
  ChargeClass: false,
  ChargeDescription: false,
  ChargeFrequency: false,
  ChargePeriodEnd: false,
  ChargePeriodStart: false,
  ConsumedQuantity: true,
  ConsumedUnit: false,
  ContractedCost: true,
  ContractedUnitPrice: true,
  EffectiveCost: true,
  InvoiceIssuerName: false,
  ListCost: true,
  ListUnitPrice: true,
  PricingCategory: false,
  PricingQuantity: true,
  PricingUnit: false,
  ProviderName: false,
  PublisherName: false,
  RegionId: false,
  RegionName: false,
  ResourceId: false,
  ResourceName: false,
  ResourceType: false,
  ServiceCategory: false,
  ServiceName: false,
  ServiceSubcategory: false,
  SkuId: false,
  SkuMeter: false,
  SkuPriceId: false,
  SubAccountId: false,
  SubAccountName: false,
  Tags: false,
  x_AttemptId: false,
  x_TaskId: false,
} as const;
export type FocusColumn = keyof typeof COLUMNS;
export const FOCUS_COLUMNS = Object.keys(COLUMNS) as FocusColumn[];

export function isNumeric(column: FocusColumn): boolean {
  return COLUMNS[column];
}

const METER = {
  INPUT: 'Input Tokens',
  CACHED_INPUT: 'Cached Input Tokens',
  OUTPUT: 'Output Tokens',
  REQUEST: 'Requests',
} as const;
const TOKENS_PER_PRICE = '1000000 Tokens';
/** One token in pico-USD when a million cost one USD: quantities in millions are written as sums of money are. */
const MILLIONTH = 1_000_000n;

/**
 * One row for each kind of what the attempt used, so that the rows' BilledCost is the entry's cost exactly. Nothing is negotiated or
 * amortised here: billed, effective, contracted and list cost are one.
 */
export function focusRows(entry: ExportedEntry): FocusRow[] {
  const { at, tenant, taskClass, customerId, priceVersion, agent, model } = entry;
  const provider = model?.provider ?? 'unknown';
  const modelId = model?.id ?? 'unknown';
  const moment = new Date(at);
  return entry.charges.map(({ kind, quantity, unitPriceUsd, usd }) => {
    const isTokens = kind !== 'REQUEST';
    const meter = METER[kind];
    const skuId = `${modelId}/${kind.toLowerCase()}`;
    return {
      BilledCost: usd,
      BillingAccountId: tenant,
      BillingAccountName: tenant,
      BillingAccountType: 'Tenant',
      BillingCurrency: 'USD',
      BillingPeriodEnd: toSecond(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth() + 1)),
      BillingPeriodStart: toSecond(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth())),
      ChargeCategory: 'Usage',
      ChargeClass: null,
      ChargeDescription: `${meter} of ${modelId} at ${unitPriceUsd} USD for ${isTokens ? TOKENS_PER_PRICE : 'each'}`,
      ChargeFrequency: 'Usage-Based',
      ChargePeriodEnd: toSecond(moment.getTime() + 1_000),
      ChargePeriodStart: toSecond(moment.getTime()),
      ConsumedQuantity: String(quantity),
      ConsumedUnit: isTokens ? 'Tokens' : 'Requests',
      ContractedCost: usd,
      ContractedUnitPrice: unitPriceUsd,
      EffectiveCost: usd,
      InvoiceIssuerName: provider,
      ListCost: usd,
      ListUnitPrice: unitPriceUsd,
      PricingCategory: 'Standard',
      PricingQuantity: isTokens ? formatUsd(BigInt(quantity) * MILLIONTH) : String(quantity),
      PricingUnit: isTokens ? TOKENS_PER_PRICE : 'Requests',
      ProviderName: provider,
      PublisherName: provider,
      RegionId: null,
      RegionName: null,
      ResourceId: agent?.id ?? null,
      ResourceName: agent?.name ?? null,
      ResourceType: agent ? 'Agent' : null,
      ServiceCategory: 'AI and Machine Learning',
      ServiceName: model?.name ?? modelId,
      ServiceSubcategory: 'Generative AI',
      SkuId: skuId,
      SkuMeter: meter,
      SkuPriceId: `${skuId}@${priceVersion}`,
      SubAccountId: customerId,
      SubAccountName: customerId,
      Tags: JSON.stringify({ 'task-class': taskClass, ...(customerId !== null && { customer: customerId }) }),
      x_AttemptId: entry.id,
      x_TaskId: entry.task?.id ?? null,
    };
  });
}

/** RFC 3339 in UTC, without fractions, as FOCUS has it. */
function toSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
