-- Client tokens that are good no more. Times are microseconds since the Unix epoch.
create table token_revocations (
  -- 'token': the one with this id; 'client': those of this client that were issued by then.
  kind text not null,
  name text not null,
  at bigint not null,
  -- By the clock of the database: nodes read what was written since they last looked.
  written_at bigint not null,
  primary key (kind, name)
);

create index token_revocations_by_writing on token_revocations (written_at);
