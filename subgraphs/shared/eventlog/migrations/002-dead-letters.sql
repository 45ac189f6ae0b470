create table events.dead_letter (
  consumer_group text not null,
  topic text not null,
  event_id text not null,
  event jsonb not null,
  error text not null,
  at timestamptz not null,
  primary key (consumer_group, topic, event_id)
);
comment on table events.dead_letter is 'Events that a consumer group could not handle and went past, with the error of the last try. They stay until somebody deletes them.';
