-- A push address is one device's (RFC 8599 section 5.3), also where two nodes register it at the same moment. It is
-- compared by its hash: a token may be longer than a row of an index.
update devices set
  push_provider = null, push_token = null, push_param = null,
  retired_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint, retired_reason = 'registered anew'
where push_token is not null and exists (
  select from devices later
  where later.push_provider = devices.push_provider and later.push_token = devices.push_token
    and later.push_param is not distinct from devices.push_param
    and (later.seen_at, later.id) > (devices.seen_at, devices.id)
);

drop index devices_by_push;
create unique index devices_push_address on devices (
  push_provider,
  sha256(replace(push_token, '\', '\\')::bytea),
  sha256(replace(coalesce(push_param, ''), '\', '\\')::bytea)
) where push_token is not null;
