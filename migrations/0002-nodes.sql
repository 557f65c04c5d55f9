-- One row each time that a server starts: what lives, what is gone, and whose calls are whose. Times are microseconds
-- since the Unix epoch, by the clock of the database.
create table nodes (
  id text primary key,
  -- Given by the operator; null where there is none.
  name text,
  started_at bigint not null,
  -- When it was last heard of, and since when without a gap.
  seen_at bigint not null,
  steady_since bigint not null
);

alter table calls add column node text;
drop index calls_unended;
create index calls_unended on calls (node) where ending is null;

-- What the nodes must agree on and nobody else may know.
create table secrets (
  name text primary key,
  value text not null
);

-- What the nodes tell each other, until all have heard it. A sender counts its messages, so that one that is written
-- twice is there once.
create table bus_messages (
  id bigint generated always as identity primary key,
  sender text not null,
  seq bigint not null,
  at timestamptz not null default clock_timestamp(),
  body text not null,
  unique (sender, seq)
);
