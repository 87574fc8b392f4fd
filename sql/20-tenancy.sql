create schema if not exists tenancy;
--> statement-breakpoint
grant usage on schema tenancy to app_user;
--> statement-breakpoint

-- The tenant of this transaction, or null (guarantee G14). STABLE, never IMMUTABLE: a prepared plan would keep the first tenant.
-- After a transaction the setting is '' and not null on that connection, hence nullif. PostgreSQL resolves the names
-- of the body when the function is created, so a search_path cannot change what it calls.
create or replace function tenancy.current_tenant_id() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.current_tenant', true), '')::uuid;
--> statement-breakpoint

-- A UUID version 7 (RFC 9562, section 5.7) with the sub-millisecond fraction of method 3: PostgreSQL's own from 18 on. Below, in
-- PL/pgSQL, which is planned once a session; a function in SQL that cannot be inlined is planned for each insert.
do $do$ begin
  if current_setting('server_version_num')::int >= 180000 then
    create or replace function tenancy.uuid_v7() returns uuid
      language sql volatile parallel safe
      return pg_catalog.uuidv7();
  else
    create or replace function tenancy.uuid_v7() returns uuid
      language plpgsql volatile parallel safe set search_path = pg_catalog
    as $$
    declare
      micros constant bigint := extract(epoch from clock_timestamp()) * 1000000;
      fraction constant int := (micros % 1000) * 4096 / 1000;
    begin
      return encode(
        set_byte(
          set_byte(
            overlay(uuid_send(gen_random_uuid()) placing substring(int8send(micros / 1000) from 3) from 1 for 6),
            6, 112 | (fraction >> 8)),
          7, fraction & 255),
        'hex')::uuid;
    end $$;
  end if;
end $do$;
--> statement-breakpoint

-- updated_at grows with every change, also when two happen in one transaction or in one millisecond.
create or replace function tenancy.touch_updated_at() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
begin
  new.updated_at := greatest(clock_timestamp(), old.updated_at + interval '1 millisecond');
  return new;
end $$;
