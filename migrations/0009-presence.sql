-- How users say that they are, and what is seen of them. Times are microseconds since the Unix epoch.
create sequence presence_versions;

create table presence (
  user_name text primary key,
  -- Of presence_versions: it goes up also for a user whose row is made anew.
  version bigint not null,
  -- Null where none is set.
  state text,
  note text,
  since bigint not null,
  -- Of the state; null where it lasts as long as the user is present.
  expires_at bigint,
  -- Until when the user counts as present if no channel of it is heard of again; null where it does not.
  present_until bigint,
  -- Ids of the nodes on which the user is in a call.
  calls text[] not null default '{}'
);

create index presence_by_expiry on presence (expires_at) where expires_at is not null;
create index presence_by_absence on presence (present_until) where present_until is not null;
create index presence_in_calls on presence (user_name) where calls <> '{}';
