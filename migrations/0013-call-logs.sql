-- The events of a call, as many in one row as were written together: a row each cost more than all else of a call.
create table call_logs (
  call_id text not null,
  -- seq of the first event.
  first integer not null,
  -- [{seq, at, type, data}], by seq.
  events jsonb not null,
  primary key (call_id, first)
);

-- Nothing is to come in behind the copy, from a node that still has the former tables.
lock table call_events in exclusive mode;

insert into call_logs
select call_id, min(seq),
  jsonb_agg(jsonb_build_object('seq', seq, 'at', at, 'type', type, 'data', data) order by seq)
from call_events group by call_id;

drop table call_events;
