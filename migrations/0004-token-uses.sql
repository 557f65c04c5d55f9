-- What one-time tokens were used for. Times are microseconds since the Unix epoch.
create table token_uses (
  jti text not null,
  purpose text not null,
  -- Who used it first, where that one may use it again.
  holder text,
  expires_at bigint not null,
  primary key (jti, purpose)
);

create index token_uses_by_expiry on token_uses (expires_at);
