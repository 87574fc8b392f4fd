-- Written by "rowhouse init", 5ec6826af7837fd1. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The answers of requests with an Idempotency-Key. The serving role has no privilege on the table: it claims a key, stores the answer
-- and reads it again through functions that take the tenant and the actor from the transaction. They run as the recorder; the isolation
-- check compares the hashes of their bodies (src/isolation/our-functions.ts).
select
  set_config('rowhouse.tenant_id_type', (
    select case prorettype when 'text'::regtype then 'text collate "C"' else prorettype::regtype::text end
    from pg_proc where oid = 'tenancy.current_tenant_id()'::regprocedure), true),
  set_config('rowhouse.serving_role', (select name::text from tenancy.roles where purpose = 'serving'), true),
  set_config('rowhouse.workers', (
    select coalesce(jsonb_agg(name), '[]') from tenancy.roles join pg_roles on rolname = name where purpose = 'worker')::text, true);
--> statement-breakpoint
select tenancy.become_recorder('tenancy.idempotency_keys', 'tenancy.idempotency_id(text,text)',
  'tenancy.claim_idempotency_key(text,text,bytea)', 'tenancy.store_idempotent_answer(text,text,bytea,text)',
  'tenancy.read_idempotent_answer(text,text,bytea)', 'tenancy.purge_idempotency_keys(integer)');
--> statement-breakpoint
do $$ begin
  if not exists (select from pg_class where relnamespace = 'tenancy'::regnamespace and relname = 'idempotency_keys') then
    execute format($create$
      create table tenancy.idempotency_keys (
        tenant_id %s not null default tenancy.current_tenant_id(),
        -- The hash of the actor, the route and the key: an index could not hold a long path.
        id bytea not null,
        fingerprint bytea not null,
        answer text not null,
        expires_at timestamptz(3) not null,
        constraint idempotency_keys_pkey primary key (tenant_id, id))
    $create$, current_setting('rowhouse.tenant_id_type'));
    alter table tenancy.idempotency_keys enable row level security;
    -- No role is granted the table. With these, a grant would show a tenant its own answers only.
    create policy tenant_isolation on tenancy.idempotency_keys
      using (tenant_id = (select tenancy.current_tenant_id())) with check (tenant_id = (select tenancy.current_tenant_id()));
    create policy tenant_restrictive on tenancy.idempotency_keys as restrictive
      using (tenant_id = (select tenancy.current_tenant_id())) with check (tenant_id = (select tenancy.current_tenant_id()));
  end if;
end $$;
--> statement-breakpoint
create index if not exists idempotency_keys_expires_at_idx on tenancy.idempotency_keys (expires_at);
--> statement-breakpoint
do $$ begin
  execute format('revoke all on tenancy.idempotency_keys from public, %I', current_setting('rowhouse.serving_role'));
end $$;
--> statement-breakpoint

-- What a key stands for: an array in JSON, so that no actor, route and key together look like others.
create or replace function tenancy.idempotency_id(route text, key text) returns bytea
  language plpgsql stable security definer set search_path = pg_catalog
as $$
begin
  return sha256(convert_to(jsonb_build_array(tenancy.current_actor(), route, key)::text, 'UTF8'));
end $$;
--> statement-breakpoint

-- The first statement of the work: it raises RH010 when the key has its answer, RH011 while another transaction works under the key,
-- RH012 when the key stands for another request. The lock ends with its transaction or its connection, so no key stays claimed; nobody
-- waits for it. Each query of this function sees what was committed before it took the lock.
create or replace function tenancy.claim_idempotency_key(route text, key text, request bytea) returns void
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.idempotency_keys.tenant_id%type := tenancy.current_tenant_id();
  claimed constant bytea := tenancy.idempotency_id(route, key);
  present bytea;
begin
  if tenant is null then
    raise exception 'an idempotency key belongs to a tenant';
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended(tenant::text || encode(claimed, 'hex'), 0)) then
    raise exception 'a request with this key is under way' using errcode = 'RH011';
  end if;
  select k.fingerprint into present from tenancy.idempotency_keys k
  where k.tenant_id = tenant and k.id = claimed and k.expires_at > clock_timestamp();
  if present = request then
    raise exception 'this request has its answer' using errcode = 'RH010';
  elsif present is not null then
    raise exception 'another request has this key' using errcode = 'RH012';
  end if;
end $$;
--> statement-breakpoint

-- The last statement of the work. A row that is there has expired, or belongs to a transaction that this one's snapshot does not see.
create or replace function tenancy.store_idempotent_answer(route text, key text, request bytea, given text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.idempotency_keys.tenant_id%type := tenancy.current_tenant_id();
begin
  if tenant is null then
    raise exception 'an idempotency key belongs to a tenant';
  end if;
  insert into tenancy.idempotency_keys as k (tenant_id, id, fingerprint, answer, expires_at)
  values (tenant, tenancy.idempotency_id(route, key), request, given, clock_timestamp() + interval '24 hours')
  on conflict (tenant_id, id) do update
    set fingerprint = excluded.fingerprint, answer = excluded.answer, expires_at = excluded.expires_at
    where k.expires_at <= clock_timestamp();
  if not found then
    raise exception 'a request with this key is under way' using errcode = 'RH011';
  end if;
end $$;
--> statement-breakpoint

create or replace function tenancy.read_idempotent_answer(route text, key text, request bytea) returns text
  language plpgsql stable security definer set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.idempotency_keys.tenant_id%type := tenancy.current_tenant_id();
begin
  return (
    select k.answer from tenancy.idempotency_keys k
    where k.tenant_id = tenant and k.id = tenancy.idempotency_id(route, key) and k.fingerprint = request and k.expires_at > clock_timestamp());
end $$;
--> statement-breakpoint

-- Deletes answers that have expired, of all tenants, and returns how many. Two workers at once delete different ones.
create or replace function tenancy.purge_idempotency_keys(most integer) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  purged integer;
begin
  delete from tenancy.idempotency_keys k using (
    select tenant_id, id from tenancy.idempotency_keys
    where expires_at <= clock_timestamp() order by expires_at limit most for update skip locked) as expired
  where k.tenant_id = expired.tenant_id and k.id = expired.id;
  get diagnostics purged = row_count;
  return purged;
end $$;
--> statement-breakpoint
do $$
declare
  worker text;
begin
  revoke execute on function tenancy.idempotency_id(text, text), tenancy.claim_idempotency_key(text, text, bytea),
    tenancy.store_idempotent_answer(text, text, bytea, text), tenancy.read_idempotent_answer(text, text, bytea),
    tenancy.purge_idempotency_keys(integer) from public;
  execute format('grant execute on function tenancy.claim_idempotency_key(text, text, bytea), '
    'tenancy.store_idempotent_answer(text, text, bytea, text), tenancy.read_idempotent_answer(text, text, bytea) to %I',
    current_setting('rowhouse.serving_role'));
  -- The owner of the database, whatever its name after a restore.
  for worker in select 'pg_database_owner' union select jsonb_array_elements_text(current_setting('rowhouse.workers')::jsonb) loop
    execute format('grant execute on function tenancy.purge_idempotency_keys(integer) to %I', worker);
  end loop;
end $$;
--> statement-breakpoint
reset role;
--> statement-breakpoint
select tenancy.leave_recorder();
