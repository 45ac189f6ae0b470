import type { Queryable } from '../shared/database/Database.js';
import { formatUsd, parseUsd, type PicoUsd } from '../shared/money.js';
import { newEvent, publish } from '../shared/outbox.js';
import { badInput, isValidId, type UserError } from '../shared/userErrors.js';
import { findBudgetsByIds, toBudgetRecord, type Budget } from './budgetStore.js';
import { parseBudgetScope } from './budgetScope.js';

export interface BudgetInput {
  readonly id: string;
  readonly scope: string;
  readonly limitUsd: string;
  readonly period: Budget['period'];
  readonly hard?: boolean | null;
}

export interface BudgetPayload {
  readonly budget: Budget | null;
  readonly userErrors: readonly UserError[];
}

/** Who sets it. `anyTenant`: holds the scope tenant.any. */
export interface Setter {
  readonly tenant: string | null;
  readonly anyTenant: boolean;
}

/** Creates the budget or brings it in line with the input; the same input again changes nothing. What it refuses is in `userErrors`. */
export async function setBudget(tx: Queryable, setter: Setter, input: BudgetInput, nowMs: number): Promise<BudgetPayload> {
  const wanted = validate(setter, input);
  if (Array.isArray(wanted)) return { budget: null, userErrors: wanted };
  // Waits for entries that are being added and keeps others out until the sum below is committed with its budget.
  await tx.query('lock table costs.ledger_entry in share mode');
  // A row that is not there yet cannot be locked, so the id is.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`budget ${wanted.id}`]);
  await tx.query('select id from costs.budget where id = $1 for update', [wanted.id]);
  const [existing] = await findBudgetsByIds(tx, null, [wanted.id], nowMs);
  if (existing && existing.tenant !== setter.tenant && !setter.anyTenant) {
    return { budget: null, userErrors: [taken(wanted.id)] };
  }
  if (existing && isSame(existing, wanted)) return { budget: existing, userErrors: [] };
  await upsert(tx, wanted, nowMs);
  await rebuildSpend(tx, wanted.id, nowMs);
  const [budget] = await findBudgetsByIds(tx, null, [wanted.id], nowMs);
  const data = { tenant: wanted.tenant, record: toBudgetRecord(budget!) };
  await publish(tx, 'costs', newEvent('budget.changed', wanted.id, data, { subgraph: 'costs', nowMs }));
  return { budget: budget!, userErrors: [] };
}

type WantedBudget = Pick<Budget, 'id' | 'tenant' | 'scope' | 'limit' | 'period' | 'hard'>;

function validate(setter: Setter, input: BudgetInput): WantedBudget | UserError[] {
  const errors: UserError[] = [];
  if (!isValidId(input.id)) errors.push(bad('id', 'An id has 1 to 200 characters and neither begins nor ends with a space.'));
  const scope = parseBudgetScope(input.scope);
  if (!scope) {
    errors.push(bad('scope', `"${input.scope}" is no scope; write tenant:, agent:, customer:, user: or task-class: and a name.`));
  }
  const limit = readLimit(input.limitUsd);
  if (limit === undefined) {
    errors.push(
      bad('limitUsd', `"${input.limitUsd}" is no limit; write zero or more USD, at most 12 digits on each side of the point.`),
    );
  }
  const ownTenant = scope?.kind === 'tenant' ? scope.name : setter.tenant;
  if (ownTenant === null) errors.push(bad('scope', 'You belong to no tenant; set the budget as one who does.'));
  if (ownTenant !== setter.tenant && !setter.anyTenant) {
    errors.push({
      code: 'FORBIDDEN',
      message: `A budget of tenant "${ownTenant}" needs the scope tenant.any; your own tenant is "${setter.tenant}".`,
      path: ['input', 'scope'],
    });
  }
  if (errors.length > 0 || limit === undefined || ownTenant === null) return errors;
  return { id: input.id, tenant: ownTenant, scope: input.scope, limit, period: input.period, hard: input.hard ?? true };
}

function readLimit(text: string): PicoUsd | undefined {
  try {
    const limit = parseUsd(text);
    return limit >= 0n ? limit : undefined;
  } catch {
    return undefined;
  }
}

function bad(field: string, message: string): UserError {
  return badInput(['input', field], message);
}

function taken(id: string): UserError {
  return { code: 'ALREADY_EXISTS', message: `The id "${id}" is taken; choose another.`, path: ['input', 'id'] };
}

function isSame(existing: Budget, wanted: WantedBudget): boolean {
  const { tenant, scope, limit, period, hard } = wanted;
  return (
    existing.tenant === tenant &&
    existing.scope === scope &&
    existing.limit === limit &&
    existing.period === period &&
    existing.hard === hard
  );
}

async function upsert(tx: Queryable, { id, tenant, scope, limit, period, hard }: WantedBudget, nowMs: number): Promise<void> {
  await tx.query(
    `insert into costs.budget as b (id, tenant, scope, limit_usd, period, hard, version, resets_at, created_at)
     values ($1, $2, $3, $4::numeric, $5, $6, 1, costs.period_end($5, $7::timestamptz), $7::timestamptz)
     on conflict (id) do update set tenant = excluded.tenant, scope = excluded.scope, limit_usd = excluded.limit_usd,
       period = excluded.period, hard = excluded.hard, version = b.version + 1, resets_at = excluded.resets_at`,
    [id, tenant, scope, formatUsd(limit), period, hard, new Date(nowMs).toISOString()],
  );
}

/** The sums of the current period and later, from the ledger. A budget set in the middle of a period counts all of it. */
async function rebuildSpend(tx: Queryable, budgetId: string, nowMs: number): Promise<void> {
  await tx.query('delete from costs.budget_spend where budget_id = $1', [budgetId]);
  await tx.query(
    `insert into costs.budget_spend (budget_id, period_start, usd)
     select b.id, costs.period_start(b.period, e.at), sum(e.usd)
     from costs.budget b
     join costs.ledger_entry e on e.tenant = b.tenant and b.scope = any(e.scopes)
       and e.at >= costs.period_start(b.period, $2::timestamptz)
     where b.id = $1
     group by 1, 2`,
    [budgetId, new Date(nowMs).toISOString()],
  );
}
