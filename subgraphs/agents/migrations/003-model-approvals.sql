create table agents.model_approval (
  model_id text primary key,
  tenant text not null,
  approval text not null check (approval in ('PENDING', 'APPROVED', 'REVOKED')),
  version int not null
);
comment on table agents.model_approval is
  'What mesh.catalog last told of each model: a model that was revoked after a route was made is not called any more.';
