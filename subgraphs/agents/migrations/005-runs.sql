alter table agents.task add column runs int not null default 0;
comment on column agents.task.runs is 'How often a runner has begun it. One that never ends is given up after a while, so that it is not begun for ever.';
