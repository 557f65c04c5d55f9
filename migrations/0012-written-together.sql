-- Devices, bindings and uses of tokens in one statement, whatever it is about: {released, devices, remove, put, uses}, each of
-- them a list that may be missing. Rows are those of the tables, all columns given.
create function write_state(change jsonb) returns void language plpgsql as $$
begin
  if change ? 'released' then
    -- A push address may go from one of the devices to another.
    update devices set push_provider = null, push_token = null, push_param = null
    where id = any (array(select jsonb_array_elements_text(change -> 'released')));
  end if;
  if change ? 'devices' then
    insert into devices select * from jsonb_populate_recordset(null::devices, change -> 'devices')
    on conflict (id) do update set
      user_name = excluded.user_name, instance = excluded.instance, push_provider = excluded.push_provider,
      push_token = excluded.push_token, push_param = excluded.push_param, calls_in = excluded.calls_in,
      created_at = excluded.created_at, seen_at = excluded.seen_at, retired_at = excluded.retired_at,
      retired_reason = excluded.retired_reason, region = excluded.region;
  end if;
  if change ? 'remove' then
    delete from bindings where id = any (array(select jsonb_array_elements_text(change -> 'remove')));
  end if;
  if change ? 'put' then
    insert into bindings select * from jsonb_populate_recordset(null::bindings, change -> 'put')
    on conflict (id) do update set
      user_name = excluded.user_name, device_id = excluded.device_id, instance = excluded.instance,
      reg_id = excluded.reg_id, uri = excluded.uri, flow = excluded.flow, call_id = excluded.call_id,
      cseq = excluded.cseq, gateway = excluded.gateway, region = excluded.region,
      source_protocol = excluded.source_protocol, source_address = excluded.source_address,
      source_port = excluded.source_port, q = excluded.q, user_agent = excluded.user_agent,
      contact_header = excluded.contact_header, registered_at = excluded.registered_at,
      expires_at = excluded.expires_at;
  end if;
  if change ? 'uses' then
    insert into token_uses select * from jsonb_populate_recordset(null::token_uses, change -> 'uses')
    on conflict (jti, purpose) do update set expires_at = excluded.expires_at;
  end if;
end
$$;
