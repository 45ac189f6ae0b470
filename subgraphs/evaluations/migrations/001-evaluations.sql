create table evaluations.evaluation (
  id text primary key,
  tenant text not null,
  task_id text,
  agent_id text,
  model_id text,
  task_class text not null,
  metric text not null,
  score double precision not null check (score between 0 and 1),
  passed boolean not null,
  evaluator text not null,
  explanation text,
  at timestamptz not null,
  -- The event that it was made from, or the caller's key with a hash of the input: the same again is the same evaluation.
  source_key text not null,
  input_hash text not null,
  unique (tenant, source_key)
);
comment on table evaluations.evaluation is 'What was found about one task or about an agent with a model. Rows are added and never changed.';
create index evaluation_by_time on evaluations.evaluation (tenant, at desc, id);
create index evaluation_by_task on evaluations.evaluation (task_id);

create table evaluations.posterior (
  tenant text not null,
  agent_id text not null,
  model_id text not null,
  task_class text not null,
  -- Beta(alpha, beta) of success as of `at`; with time both fade towards the prior (1, 1).
  alpha double precision not null check (alpha >= 1),
  beta double precision not null check (beta >= 1),
  samples integer not null,
  goal_sum double precision not null default 0,
  goal_count integer not null default 0,
  hallucinated integer not null default 0,
  hallucination_count integer not null default 0,
  version integer not null,
  at timestamptz not null,
  primary key (tenant, agent_id, model_id, task_class)
);
comment on table evaluations.posterior is 'What is believed of an agent with a model at a class of tasks, from all its evaluations.';
