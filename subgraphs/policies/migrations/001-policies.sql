create table policies.policy (
  id text primary key,
  -- '*': holds for every tenant.
  tenant text not null,
  cedar text not null,
  description text,
  tags text[] not null,
  enabled boolean not null,
  -- Grows with every change.
  version integer not null,
  updated_at timestamptz not null
);
comment on table policies.policy is 'Cedar policies as they are now. Disabled ones are kept and do not decide.';
create index policy_by_time on policies.policy (tenant, updated_at desc, id);

create table policies.governance_decision (
  id text primary key,
  at timestamptz not null,
  tenant text not null,
  -- As Cedar names them: User::"ada", Agent::"a1".
  principal text not null,
  action text not null,
  resource text,
  outcome text not null check (outcome in ('ALLOW', 'DENY', 'MASK')),
  rules text[] not null,
  policy_version text not null,
  operation text,
  field text,
  reason text
);
comment on table policies.governance_decision is 'What was decided about whom, by which rules. Rows are added and never changed.';
create index decision_by_time on policies.governance_decision (tenant, at desc, id);
create index decision_by_resource on policies.governance_decision (tenant, resource, at desc);
create index decision_by_principal on policies.governance_decision (tenant, principal, at desc);
