-- Written by "rowhouse init", f4eadece6c25992e. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The signed tenant context: optional hardening, in force once a migration ran with TENANT_SIGNING_KEY. The setting
-- app.current_tenant then holds the tenant, the actor, the request id, an expiry and an HMAC of all, so injected SQL that calls
-- set_config() can forge none of them. Only the owner reads the keys. The function below runs as the owner, verifies with them, and returns
-- nothing else.
create table if not exists tenancy.signing_keys (
  id text primary key,
  -- The key XOR the paddings of RFC 2104: PostgreSQL's core has sha256() and no hmac().
  inner_key bytea not null,
  outer_key bytea not null
);
--> statement-breakpoint
do $$ begin
  execute format('revoke all on tenancy.signing_keys from public, %I', (select name from tenancy.roles where purpose = 'serving'));
end $$;
--> statement-breakpoint

-- "rowhouse migrate" passes the keys in a setting, as id:inner:outer. They replace the present keys; "off" removes all of them; an
-- empty setting keeps them.
do $$
declare
  given constant text := coalesce(current_setting('rowhouse.signing_keys', true), '');
begin
  if given <> '' then
    delete from tenancy.signing_keys;
  end if;
  if given not in ('', 'off') then
    insert into tenancy.signing_keys
    select split_part(one, ':', 1), decode(split_part(one, ':', 2), 'hex'), decode(split_part(one, ':', 3), 'hex')
    from unnest(string_to_array(given, ',')) as one;
  end if;
end $$;
--> statement-breakpoint

-- The tenant of this transaction, or null, from v2.key.expiry.mac.actor.request id.tenant: the first four have fixed lengths, the actor
-- and the request id are base64url, and the tenant is last, because a text may have dots. An invalid signature raises an error: RH001
-- if no key of ours made it, RH002 if it has expired, RH003 if app.actor or app.request_id is not the signed one. A policy calls it once
-- a statement, so a statement may change the actor between two rows: read tenancy.current_actor(). PL/pgSQL keeps the plan of its query
-- for the session. The function compares hashes, so that its
-- time does not reveal the right signature. A transaction that began before the expiry may last longer. RETURN converts the tenant
-- to the type of this database's tenant ids.
-- A signature of the release before is tenant.expiry.key.mac, with a uuid. It never begins with "v2.".
do $do$ begin
  if exists (select from tenancy.signing_keys) then
    execute format($create$
    create or replace function tenancy.current_tenant_id() returns %s
      language plpgsql stable parallel safe security definer set search_path = pg_catalog
    as $$
    declare
      signed constant text := current_setting('app.current_tenant', true);
      is_first constant boolean := left(signed, 3) <> 'v2.';
      rest constant text := substr(signed, 89); -- actor.request id.tenant
      inside bytea;
      outside bytea;
      caller text;
    begin
      if signed is null or signed = '' then
        return null;
      end if;
      select inner_key, outer_key into inside, outside from tenancy.signing_keys
      where id = case when is_first then substr(signed, 49, 8) else substr(signed, 4, 8) end;
      if sha256(convert_to(case when is_first then substr(signed, 58) else substr(signed, 24, 64) end, 'UTF8'))
        is distinct from sha256(convert_to(encode(sha256(outside || sha256(inside || convert_to(
          case when is_first then left(signed, 56) else left(signed, 23) || rest end, 'UTF8'))), 'hex'), 'UTF8'))
      then
        raise exception 'the tenant is not signed with a key of this database' using errcode = 'RH001';
      end if;
      if (case when is_first then substr(signed, 38, 10) else substr(signed, 13, 10) end)::bigint < extract(epoch from now()) then
        raise exception 'the signature of the tenant has expired' using errcode = 'RH002';
      end if;
      if is_first then
        return left(signed, 36);
      end if;
      -- As base64url: without padding and without the line breaks of encode(). translate() would take four times as long.
      caller := replace(replace(replace(replace(
        encode(convert_to(coalesce(current_setting('app.actor', true), ''), 'UTF8'), 'base64') || '.' ||
        encode(convert_to(coalesce(current_setting('app.request_id', true), ''), 'UTF8'), 'base64'),
        '+', '-'), '/', '_'), '=', ''), E'\n', '') || '.';
      if left(rest, length(caller)) <> caller then
        raise exception 'the tenant is signed for another actor or request' using errcode = 'RH003';
      end if;
      return substr(rest, length(caller) + 1);
    end $$
    $create$, (select format_type(prorettype, null) from pg_proc where oid = 'tenancy.current_tenant_id()'::regprocedure));
    -- The signed actor. The actor is unknown to the service without a tenant, and under a signature of the release before, which does not
    -- cover it. Other logins act without a tenant, and injected SQL of the service does not run as them.
    execute format($create$
    create or replace function tenancy.current_actor() returns text
      language plpgsql stable parallel safe set search_path = pg_catalog
    as $$
    declare
      signed constant text := current_setting('app.current_tenant', true);
      actor constant text := replace(replace(split_part(signed, '.', 5), '-', '+'), '_', '/');
    begin
      if tenancy.current_tenant_id() is null then
        return case when session_user <> %L then nullif(current_setting('app.actor', true), '') end;
      elsif left(signed, 3) = 'v2.' then
        return nullif(convert_from(decode(rpad(actor, (length(actor) + 3) / 4 * 4, '='), 'base64'), 'UTF8'), '');
      end if;
      return null;
    end $$
    $create$, (select name from tenancy.roles where purpose = 'serving'));
  end if;
end $do$;
