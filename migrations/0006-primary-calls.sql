-- Cell phones whose calls are fetched by the carrier's conditional forwarding.
-- Times are microseconds since the Unix epoch.
create table forwardings (
  -- E.164.
  subscriber text primary key,
  -- Where the forwarding points: with another DID in the configuration, nothing is known.
  did text not null,
  state text not null,
  since bigint not null,
  detail text
);

create table primary_calls (
  -- That of the call, where it is no test.
  id text primary key,
  subscriber text not null,
  -- Null where it is withheld.
  caller text,
  device text,
  test boolean not null,
  ringing_since bigint not null,
  reported_at bigint not null,
  instructed_at bigint,
  instructed_by text,
  acknowledged_at bigint,
  phone text,
  phone_at bigint,
  forwarded_at bigint,
  ended_at bigint,
  cause text
);

create index primary_calls_by_subscriber on primary_calls (subscriber, reported_at);
