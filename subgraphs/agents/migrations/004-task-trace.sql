alter table agents.task add column traceparent text;
comment on column agents.task.traceparent is 'W3C trace context of the operation that asked for it, which the worker that runs it goes on with.';
