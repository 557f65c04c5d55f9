-- Times are microseconds since the Unix epoch.

create table devices (
  id text primary key,
  user_name text not null,
  instance text,
  push_provider text,
  push_token text,
  push_param text,
  created_at bigint not null,
  seen_at bigint not null,
  retired_at bigint,
  retired_reason text
);

create index devices_by_user on devices (user_name, instance);
create index devices_by_push on devices (push_token, push_provider) where push_token is not null;

-- No foreign key to devices: a binding is dropped by its expiry, a device by its own rules.
create table bindings (
  id text primary key,
  user_name text not null,
  device_id text,
  instance text,
  reg_id integer,
  uri text not null,
  flow text not null,
  call_id text not null,
  cseq bigint not null,
  gateway text not null,
  source_protocol text not null,
  source_address text not null,
  source_port integer not null,
  q double precision not null,
  user_agent text,
  contact_header text not null,
  registered_at bigint not null,
  expires_at bigint not null
);

create index bindings_by_user on bindings (user_name, expires_at);
create index bindings_by_expiry on bindings (expires_at);

create table calls (
  id text primary key,
  started_at bigint not null,
  answered_at bigint,
  ended_at bigint,
  trunk text,
  caller text not null,
  callee text not null,
  user_name text,
  ending jsonb
);

create index calls_by_start on calls (started_at desc, id desc);
create index calls_unended on calls (id) where ending is null;

-- No foreign key to calls: both are written behind the call, in batches that may come in any order.
create table call_events (
  call_id text not null,
  seq integer not null,
  at bigint not null,
  type text not null,
  data jsonb,
  primary key (call_id, seq)
);
