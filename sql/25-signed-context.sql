-- Sealed tenants: optional hardening, in force once a migration was given TENANT_SEAL_KEY. The setting then has to carry a
-- tenant, an expiry and an HMAC of both, so that not even injected SQL that calls set_config() can become another tenant.
-- Only the owner reads the keys; the function below verifies with them, as the owner, and gives away nothing but "yes".
create table if not exists tenancy.seal_keys (
  id text primary key,
  -- The key exclusive-or'ed with the paddings of RFC 2104: the core has sha256() and no hmac().
  inner_key bytea not null,
  outer_key bytea not null
);
--> statement-breakpoint
revoke all on tenancy.seal_keys from public, app_user;
--> statement-breakpoint

-- Handed over by "rowhouse migrate": exactly these keys, as id:inner:outer; "off" for none; nothing for those that are there.
do $$
declare
  given constant text := coalesce(current_setting('rowhouse.seal_keys', true), '');
begin
  if given <> '' then
    delete from tenancy.seal_keys;
  end if;
  if given not in ('', 'off') then
    insert into tenancy.seal_keys
    select split_part(one, ':', 1), decode(split_part(one, ':', 2), 'hex'), decode(split_part(one, ':', 3), 'hex')
    from unnest(string_to_array(given, ',')) as one;
  end if;
end $$;
--> statement-breakpoint

-- The tenant of this transaction, or null. Of a seal that does not hold there is no answer, but an error: RH001 one that
-- was not made with our keys, RH002 one that has run out. In PL/pgSQL, which keeps the plan of its query for the session.
-- It is compared by its hash, so that the time it takes tells nothing of the right one. A transaction that has begun in
-- time may last.
do $do$ begin
  if exists (select from tenancy.seal_keys) then
    create or replace function tenancy.current_tenant_id() returns uuid
      language plpgsql stable parallel safe security definer set search_path = pg_catalog
    as $$
    declare
      sealed constant text := current_setting('app.current_tenant', true);
      inside bytea;
      outside bytea;
    begin
      if sealed is null or sealed = '' then
        return null;
      end if;
      select inner_key, outer_key into inside, outside from tenancy.seal_keys where id = substr(sealed, 49, 8);
      if sha256(convert_to(substr(sealed, 58), 'UTF8')) is distinct from sha256(convert_to(
        encode(sha256(outside || sha256(inside || convert_to(left(sealed, 56), 'UTF8'))), 'hex'), 'UTF8'))
      then
        raise exception 'the tenant is not sealed with a key of this database' using errcode = 'RH001';
      end if;
      if substr(sealed, 38, 10)::bigint < extract(epoch from now()) then
        raise exception 'the seal of the tenant has run out' using errcode = 'RH002';
      end if;
      return left(sealed, 36)::uuid;
    end $$;
  end if;
end $do$;
