-- Written by "rowhouse init", ded78423d6e7d5af. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The signed tenant context: optional hardening, in force once a migration ran with TENANT_SIGNING_KEY. The setting
-- app.current_tenant then holds the tenant, an expiry and an HMAC of both, so injected SQL that calls set_config() cannot change the
-- tenant. Only the owner reads the keys. The function below runs as the owner, verifies with them, and returns nothing else.
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

-- The tenant of this transaction, or null. An invalid signature raises an error: RH001 if no key of ours made it,
-- RH002 if it has expired. PL/pgSQL keeps the plan of its query for the session. The function compares hashes, so that its
-- time does not reveal the right signature. A transaction that began before the expiry may last longer.
do $do$ begin
  if exists (select from tenancy.signing_keys) then
    create or replace function tenancy.current_tenant_id() returns uuid
      language plpgsql stable parallel safe security definer set search_path = pg_catalog
    as $$
    declare
      signed constant text := current_setting('app.current_tenant', true);
      inside bytea;
      outside bytea;
    begin
      if signed is null or signed = '' then
        return null;
      end if;
      select inner_key, outer_key into inside, outside from tenancy.signing_keys where id = substr(signed, 49, 8);
      if sha256(convert_to(substr(signed, 58), 'UTF8')) is distinct from sha256(convert_to(
        encode(sha256(outside || sha256(inside || convert_to(left(signed, 56), 'UTF8'))), 'hex'), 'UTF8'))
      then
        raise exception 'the tenant is not signed with a key of this database' using errcode = 'RH001';
      end if;
      if substr(signed, 38, 10)::bigint < extract(epoch from now()) then
        raise exception 'the signature of the tenant has expired' using errcode = 'RH002';
      end if;
      return left(signed, 36)::uuid;
    end $$;
  end if;
end $do$;
