create table models.model (
  id text primary key,
  tenant text not null,
  provider text not null,
  name text not null,
  modalities text[] not null,
  -- Empty: every task class.
  task_classes text[] not null,
  context_window integer check (context_window > 0),
  endpoint text,
  -- The name of the variable that holds the key, never the key.
  api_key_env text check (api_key_env like 'MESH_MODEL_KEY_%'),
  -- Empty: every region.
  regions text[] not null,
  approval text not null default 'PENDING' check (approval in ('PENDING', 'APPROVED', 'REVOKED')),
  approved_by text,
  approved_at timestamptz,
  approval_reason text,
  -- Grows with every change, so that a reader never replaces newer with older.
  version integer not null,
  created_at timestamptz not null
);
comment on table models.model is 'The models that a tenant''s agents may use.';
create index model_by_creation on models.model (tenant, created_at desc, id);

create table models.price_version (
  model_id text not null references models.model on delete cascade,
  version integer not null check (version > 0),
  -- USD per million tokens and USD per request.
  input_per_mtok numeric(24, 12) not null check (input_per_mtok >= 0),
  output_per_mtok numeric(24, 12) not null check (output_per_mtok >= 0),
  cached_input_per_mtok numeric(24, 12) check (cached_input_per_mtok >= 0),
  per_request numeric(24, 12) check (per_request >= 0),
  at timestamptz not null,
  primary key (model_id, version)
);
comment on table models.price_version is 'Every price that a model ever had. The newest version is the current one; rows are never changed.';
