-- What clients are to be told: one queue an app of a client (its token's subject, and the device where it named one).
-- Times are microseconds since the Unix epoch.
create table client_queues (
  id bigint generated always as identity primary key,
  client text not null,
  -- '' where the client has named none.
  device text not null,
  -- Whom the client spoke for when it was last here; null where it never was.
  user_name text,
  -- Number of the last message, and of the last one that the client has.
  last bigint not null default 0,
  acked bigint not null default 0,
  -- Dropped for want of room since the client was last told so.
  lost bigint not null default 0,
  -- The open channel, its node, and how many were opened so far.
  channel text,
  channels bigint not null default 0,
  node text,
  seen_at bigint not null,
  unique (client, device)
);

create index client_queues_by_device on client_queues (device) where device <> '';

create table client_messages (
  queue bigint not null references client_queues (id) on delete cascade,
  seq bigint not null,
  expires_at bigint not null,
  -- Bytes of the body.
  size integer not null,
  -- JSON, to be passed on as it was made: jsonb would change it.
  body text not null,
  primary key (queue, seq)
);

create index client_messages_by_expiry on client_messages (expires_at);

create table invitations (
  id text primary key,
  version bigint not null,
  client text not null,
  phase text not null,
  expires_at bigint not null,
  -- JSON; what one side tells the other is passed on as it was.
  data text not null
);

create index invitations_open on invitations (expires_at) where phase = 'open';
create index invitations_by_client on invitations (client) where phase = 'open';
create index invitations_by_expiry on invitations (expires_at);
