create table agents.task (
  id text primary key,
  tenant text not null,
  task_class text not null,
  status text not null check (status in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'REFUSED', 'CANCELLED')),
  field text not null,
  principal jsonb not null,
  principal_entity text not null,
  idempotency_key text,
  input jsonb not null,
  hint jsonb not null,
  agent_id text,
  model_id text,
  answer_text text,
  output jsonb,
  error_code text,
  error_message text,
  lease_id text,
  leased_until timestamptz,
  created_at timestamptz not null,
  finished_at timestamptz,
  latency_ms int check (latency_ms >= 0)
);
create unique index task_idempotency on agents.task (tenant, principal_entity, idempotency_key) where idempotency_key is not null;
create index task_newest on agents.task (tenant, created_at desc, id);
create index task_of_agent on agents.task (tenant, agent_id, created_at desc, id);
create index task_open on agents.task (created_at, id) where status in ('QUEUED', 'RUNNING');
comment on table agents.task is 'What the mesh was asked to do. hint is the verified route that its runner walks.';
comment on column agents.task.leased_until is 'Until then the runner that holds lease_id works on it; afterwards another may take it over.';

create table agents.attempt (
  id text primary key,
  tenant text not null,
  task_id text not null references agents.task (id),
  ordinal int not null check (ordinal >= 0),
  agent_id text not null,
  model_id text not null,
  started_at timestamptz not null,
  latency_ms int check (latency_ms >= 0),
  outcome text not null check (outcome in ('SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REFUSED', 'SKIPPED')),
  cost_usd numeric(24, 12) check (cost_usd >= 0),
  message text,
  unique (task_id, ordinal)
);
create index attempt_latency on agents.attempt (agent_id, model_id, started_at desc);
comment on table agents.attempt is 'One row for each candidate of the route that was tried or skipped, in order. cost_usd null: nothing was used.';

create table agents.route_decision (
  id text primary key,
  tenant text not null,
  task_id text not null references agents.task (id),
  agent_id text,
  model_id text,
  objective text not null,
  complexity text not null,
  estimated_cost_usd numeric(24, 12),
  expected_quality double precision,
  expected_latency_ms int,
  reasons text[] not null,
  fallbacks jsonb not null,
  rejected jsonb not null,
  decided_at timestamptz not null
);
create index route_decision_of_task on agents.route_decision (task_id, decided_at desc);
comment on table agents.route_decision is 'Why a candidate was chosen. A queued task that was routed again has several; the newest holds.';
