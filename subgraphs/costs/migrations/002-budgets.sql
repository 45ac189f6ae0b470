create function costs.period_start(period text, at timestamptz) returns timestamptz language sql stable
  return case period
    when 'TOTAL' then timestamptz '1970-01-01 00:00:00+00'
    else date_trunc(lower(period), at at time zone 'UTC') at time zone 'UTC'
  end;
comment on function costs.period_start is 'When the period that holds `at` began, in UTC. TOTAL is one period.';

create function costs.period_end(period text, at timestamptz) returns timestamptz language sql stable
  return case period
    when 'TOTAL' then null
    else (date_trunc(lower(period), at at time zone 'UTC') + ('1 ' || period)::interval) at time zone 'UTC'
  end;
comment on function costs.period_end is 'When the period that holds `at` ends, in UTC. Null for TOTAL.';

create table costs.budget (
  id text primary key,
  tenant text not null,
  scope text not null,
  limit_usd numeric(24, 12) not null check (limit_usd >= 0),
  period text not null check (period in ('HOUR', 'DAY', 'MONTH', 'TOTAL')),
  hard boolean not null,
  -- Grows with every change of the budget and every move of its money; readers keep the newest.
  version bigint not null,
  -- The end of the period that was last told to readers.
  resets_at timestamptz,
  created_at timestamptz not null
);
comment on table costs.budget is 'A limit on what a scope of one tenant may spend in a period. Hard ones refuse, soft ones only count.';
create index budget_by_scope on costs.budget (tenant, scope);
create index budget_by_creation on costs.budget (tenant, created_at desc, id);
create index budget_by_reset on costs.budget (resets_at);

create table costs.budget_spend (
  budget_id text not null references costs.budget on delete cascade,
  period_start timestamptz not null,
  usd numeric(24, 12) not null,
  primary key (budget_id, period_start)
);
comment on table costs.budget_spend is
  'The ledger''s sum for a budget and a period. Moves in the transaction that adds the entry; built anew from the ledger when a budget is set.';

create table costs.reservation (
  id text primary key,
  tenant text not null,
  scopes text[] not null,
  amount_usd numeric(24, 12) not null check (amount_usd >= 0),
  -- Already in the ledger under this reservation; only the rest is still held.
  spent_usd numeric(24, 12) not null default 0,
  expires_at timestamptz not null,
  -- Kept until it expires, so that a repeated request finds its own answer.
  released_at timestamptz
);
comment on table costs.reservation is 'Money held for a task that may still spend it. It counts until it is released or expires.';
create index reservation_held on costs.reservation (tenant) where released_at is null;
create index reservation_by_expiry on costs.reservation (expires_at);
