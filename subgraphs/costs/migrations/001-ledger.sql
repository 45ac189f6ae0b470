create table costs.ledger_entry (
  attempt_id text primary key,
  tenant text not null,
  task_id text not null,
  task_class text not null,
  agent_id text not null,
  model_id text not null,
  customer_id text,
  principal text not null,
  reservation_id text,
  -- What the entry counts for, as budgets name it: tenant:demo, agent:a1, customer:c1, user:u1, task-class:support.faq.
  scopes text[] not null,
  input_tokens bigint not null check (input_tokens >= 0),
  cached_input_tokens bigint not null check (cached_input_tokens between 0 and input_tokens),
  output_tokens bigint not null check (output_tokens >= 0),
  price_version integer not null,
  -- The prices as they were, so that an entry can be checked for ever: usd = tokens × prices, exactly.
  prices jsonb not null,
  usd numeric(24, 12) not null check (usd >= 0),
  at timestamptz not null
);
comment on table costs.ledger_entry is 'What each attempt of a task cost. Rows are added once, by attempt, and never changed.';
create index ledger_entry_by_time on costs.ledger_entry (tenant, at);
create index ledger_entry_by_agent on costs.ledger_entry (tenant, agent_id, at);
create index ledger_entry_by_model on costs.ledger_entry (tenant, model_id, at);
create index ledger_entry_by_task on costs.ledger_entry (task_id);
