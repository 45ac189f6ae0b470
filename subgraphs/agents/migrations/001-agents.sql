create table agents.agent (
  id text primary key,
  tenant text not null,
  name text not null,
  description text,
  role text not null check (role in ('WORKER', 'ORCHESTRATOR', 'ROUTER', 'GOAL', 'STRATEGY', 'EVALUATOR', 'OPTIMIZER')),
  tier text not null check (tier in ('GENERALIST', 'SPECIALIST', 'EXPERT')),
  status text not null check (status in ('ACTIVE', 'DRAINING', 'SUSPENDED', 'RETIRED')),
  transport text not null check (transport in ('BUILTIN', 'A2A', 'DAPR', 'HTTP', 'LLM')),
  endpoint text,
  instructions text,
  skills jsonb not null,
  decision_kinds text[] not null,
  max_amount_usd numeric(24, 12) check (max_amount_usd >= 0),
  regions text[] not null,
  model_ids text[] not null,
  supervisor_id text references agents.agent (id),
  version int not null check (version > 0),
  created_at timestamptz not null
);
create index agent_newest on agents.agent (tenant, created_at desc, id);
create index agent_supervisor on agents.agent (supervisor_id) where supervisor_id is not null;
comment on table agents.agent is 'Who does the work. version grows with every change; regions: empty means every region.';
comment on column agents.agent.skills is 'List of {id, name, tags, taskClasses}, as in an A2A AgentCard.';
