create table evaluations.evaluator (
  id text primary key,
  tenant text not null,
  task_class text not null,
  kind text not null check (kind in ('EXACT_MATCH', 'NUMERIC', 'REGEX', 'JSON_SCHEMA', 'JUDGE')),
  enabled boolean not null,
  pattern text,
  schema jsonb,
  tolerance text,
  rubric text,
  judge_task_class text,
  pass_score double precision check (pass_score between 0 and 1),
  max_cost_usd text,
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
comment on table evaluations.evaluator is 'How the answers to one class of tasks are judged. Which of the columns from pattern on are set depends on kind.';
create index evaluator_by_class on evaluations.evaluator (tenant, task_class) where enabled;
create index evaluator_by_creation on evaluations.evaluator (tenant, created_at desc, id);
create index evaluator_by_judge on evaluations.evaluator (tenant, judge_task_class) where judge_task_class is not null;

create table evaluations.pending_evaluation (
  tenant text not null,
  task_id text not null,
  evaluator_id text not null references evaluations.evaluator (id) on delete cascade,
  task_class text not null,
  agent_id text not null,
  model_id text not null,
  tries integer not null default 0,
  -- How many answers of judges could not be used; each further one is a new question with a price of its own.
  judged integer not null default 0,
  -- When it is to be tried next. Whoever takes it sets this ahead, so that another takes over when that one dies.
  due_at timestamptz not null,
  created_at timestamptz not null,
  primary key (tenant, task_id, evaluator_id)
);
comment on table evaluations.pending_evaluation is 'Answers that an evaluator has not judged yet. A row goes when it is judged, or when that was given up.';
create index pending_evaluation_due on evaluations.pending_evaluation (due_at);

create index posterior_by_class on evaluations.posterior (tenant, task_class, agent_id, model_id);
