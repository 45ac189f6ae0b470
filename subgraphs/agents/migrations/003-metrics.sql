create table agents.metric_sample (
  id bigserial primary key,
  tenant text not null,
  agent_id text not null,
  succeeded boolean not null,
  latency_ms int not null check (latency_ms >= 0),
  cost_usd numeric(24, 12) check (cost_usd >= 0)
);
comment on table agents.metric_sample is 'Attempts that no window of metrics holds yet. Written with the attempt, deleted with the publication of its window.';

create table agents.metric_active (
  agent_id text primary key,
  tenant text not null
);
comment on table agents.metric_active is 'Agents whose newest window has something in it; each gets one empty window when it falls silent.';

create table agents.metric_window (
  is_only boolean primary key default true check (is_only),
  closed_at timestamptz not null
);
comment on table agents.metric_window is 'One row: when the newest window was closed, by whichever process.';
