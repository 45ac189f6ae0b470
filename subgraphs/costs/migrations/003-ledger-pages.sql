create index ledger_entry_newest on costs.ledger_entry (tenant, at desc, attempt_id);
create index ledger_entry_newest_of_all on costs.ledger_entry (at desc, attempt_id);
drop index costs.ledger_entry_by_time;
