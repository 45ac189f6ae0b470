create table policies.policy (
  id text primary key,
  -- '*': holds for every tenant; such policies are shown to all and changed only with the scope tenant.any.
  tenant text not null,
  cedar text not null,
  description text,
  tags text[] not null,
  enabled boolean not null,
  -- Grows with every change; readers keep the newest.
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
comment on table policies.policy is 'Cedar policies, checked before they are kept. What is permitted is what they permit and none of them forbids.';
create index policy_by_creation on policies.policy (tenant, created_at desc, id);

create table policies.governance_decision (
  id text primary key,
  -- '': the caller belonged to none.
  tenant text not null,
  at timestamptz not null,
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
comment on table policies.governance_decision is 'What the gateway decided, for whom, on what and by which rules. Rows are added and never changed.';
create index governance_decision_by_time on policies.governance_decision (tenant, at desc, id);
create index governance_decision_by_principal on policies.governance_decision (tenant, principal, at desc, id);
create index governance_decision_by_resource on policies.governance_decision (tenant, resource, at desc, id);
