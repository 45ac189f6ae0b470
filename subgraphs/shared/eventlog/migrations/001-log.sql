create table events.topic (
  topic text primary key,
  epoch text not null,
  head bigint not null,
  oldest bigint not null
);
comment on table events.topic is 'One row a topic. head: position of the newest event (0: none). oldest: position of the oldest one kept. Whoever appends holds the row, so positions are committed in order.';

create table events.log (
  topic text not null,
  position bigint not null,
  event_id text not null,
  event jsonb not null,
  at timestamptz not null,
  primary key (topic, position),
  unique (topic, event_id)
);
comment on table events.log is 'Events in order. at: when it was appended; rows older than the retention are removed.';

create table events.consumed (
  consumer_group text not null,
  topic text not null,
  position bigint not null,
  primary key (consumer_group, topic)
);
comment on table events.consumed is 'How far each consumer group has come: the position of the last event that it has handled.';
