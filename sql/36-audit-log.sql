-- The log of a tenant: the worker gives the entries of the audit trail positions without gaps, adds them to a tree of hashes (RFC 6962,
-- section 2.1) and signs its root with a key that is not in the database. docs/audit-proof.md says what this proves.
select
  set_config('rowhouse.workers', (
    select coalesce(jsonb_agg(name), '[]') from tenancy.roles join pg_roles on rolname = name where purpose = 'worker')::text, true);
--> statement-breakpoint
select tenancy.become_recorder('tenancy.audit_leaf(tenancy.audit_entries)', 'tenancy.append_audit_logs(integer)',
  'tenancy.unsigned_audit_logs(integer)', 'tenancy.store_audit_checkpoint(text,bigint,text)', 'tenancy.read_audit_logs()',
  'tenancy.read_audit_checkpoints(text)', 'tenancy.read_audit_log(text,bigint,integer)', 'tenancy.read_audit_pruned(text,bigint,integer)',
  'tenancy.erase_audit_changes(text,text,text)', 'tenancy.prune_audit(timestamptz)');
--> statement-breakpoint

-- The hash of an entry in the tree of its tenant: of its fields, each with its length in bytes before it.
create or replace function tenancy.audit_leaf(entry tenancy.audit_entries) returns bytea
  language plpgsql immutable set search_path = pg_catalog
as $$
begin
  return sha256('\x00' || convert_to((
    select string_agg(coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value, '-') || ',', '' order by number)
    from unnest(array[entry.tenant_id::text, entry.position::text, entry.id::text,
      to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), entry.action, entry.resource, entry.target_id, entry.actor,
      entry.request_id, entry.source, entry.reason, encode(entry.changes_hash, 'hex')]) with ordinality as each (value, number)), 'UTF8'));
end $$;
--> statement-breakpoint

-- Moves entries from the queue to the log of their tenant, where they have positions: those that are committed, in the order of their times. One
-- that is committed later gets a later position than they, whatever its time says: the log's row is locked before the queue is read. Returns how
-- many entries it moved, at most `most` of each tenant. A log that cannot grow is a warning, and stops no other one.
create or replace function tenancy.append_audit_logs(most integer) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  log tenancy.audit_logs;
  queued tenancy.audit_queue;
  entry tenancy.audit_entries;
  salt bytea;
  node bytea;
  size_before bigint;
  appended integer := 0;
begin
  insert into tenancy.audit_logs (tenant_id, size, trees)
  select distinct q.tenant_id, 0, '{}'::bytea[] from tenancy.audit_queue q on conflict do nothing;
  for log in
    select l.* from tenancy.audit_logs l
    where exists (select from tenancy.audit_queue q where q.tenant_id = l.tenant_id)
    order by l.tenant_id for update of l skip locked
  loop
    size_before := log.size;
    begin
      for queued in
        with moved as (
          delete from tenancy.audit_queue q
          where q.tenant_id = log.tenant_id and (q.at, q.id) in (
            select first.at, first.id from tenancy.audit_queue first where first.tenant_id = log.tenant_id order by first.at, first.id limit most)
          returning q.*)
        select * from moved order by at, id
      loop
        log.size := log.size + 1;
        salt := uuid_send(gen_random_uuid());
        entry := (queued.tenant_id, queued.id, queued.at, log.size, coalesce(queued.action, tenancy.action_of(queued.before, queued.after)),
          queued.resource, queued.target_id, queued.actor, queued.request_id,
          coalesce(queued.source, case when queued.request_id is null then 'trigger' else 'request' end), queued.reason,
          tenancy.changes_of(queued.before, queued.after, queued.always), salt, null, queued.xid);
        entry.changes_hash := sha256(salt || convert_to(coalesce(entry.changes::text, ''), 'UTF8'));
        if entry.changes is null then
          entry.salt := null; -- they were erased
        end if;
        insert into tenancy.audit_entries select entry.*;
        node := tenancy.audit_leaf(entry);
        for level in 0 .. 62 loop
          exit when ((log.size - 1) >> level) & 1 = 0;
          node := sha256('\x01' || log.trees[cardinality(log.trees)] || node);
          log.trees := trim_array(log.trees, 1);
        end loop;
        log.trees := log.trees || node;
      end loop;
      update tenancy.audit_logs l set size = log.size, trees = log.trees where l.tenant_id = log.tenant_id;
      appended := appended + log.size - size_before;
    exception when others then
      raise warning 'the log of tenant % did not grow: %', log.tenant_id, sqlerrm;
    end;
  end loop;
  return appended;
end $$;
--> statement-breakpoint

-- Logs that have grown since their last checkpoint.
create or replace function tenancy.unsigned_audit_logs(most integer) returns table (tenant_id text, size bigint, trees bytea[])
  language plpgsql stable security definer set search_path = pg_catalog
as $$
begin
  return query
    select l.tenant_id::text, l.size, l.trees from tenancy.audit_logs l
    where l.size > coalesce((select max(c.size) from tenancy.audit_checkpoints c where c.tenant_id = l.tenant_id), 0)
    order by l.tenant_id limit most;
end $$;
--> statement-breakpoint

create or replace function tenancy.store_audit_checkpoint(tenant text, size bigint, note text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  of_tenant constant tenancy.audit_checkpoints.tenant_id%type := tenant;
begin
  insert into tenancy.audit_checkpoints as c (tenant_id, day, size, note)
  values (of_tenant, (now() at time zone 'UTC')::date, store_audit_checkpoint.size, store_audit_checkpoint.note)
  on conflict on constraint audit_checkpoints_pkey do update set size = excluded.size, note = excluded.note where c.size < excluded.size;
end $$;
--> statement-breakpoint

-- For "rowhouse audit verify": the logs of all tenants, then the checkpoints of one of them, the oldest first, and its entries. A tenant
-- whose log was removed is there too, as far as a checkpoint names it.
create or replace function tenancy.read_audit_logs() returns table (tenant_id text, size bigint, trees bytea[])
  language plpgsql stable security definer set search_path = pg_catalog
as $$
begin
  return query
    select t.tenant_id::text, coalesce(l.size, 0), coalesce(l.trees, '{}')
    from (select l.tenant_id from tenancy.audit_logs l union select c.tenant_id from tenancy.audit_checkpoints c) as t
    left join tenancy.audit_logs l on l.tenant_id = t.tenant_id order by t.tenant_id;
end $$;
--> statement-breakpoint
create or replace function tenancy.read_audit_checkpoints(tenant text) returns setof text
  language plpgsql stable security definer set search_path = pg_catalog
as $$
declare
  of_tenant constant tenancy.audit_checkpoints.tenant_id%type := tenant;
begin
  return query select c.note from tenancy.audit_checkpoints c where c.tenant_id = of_tenant order by c.day;
end $$;
--> statement-breakpoint
create or replace function tenancy.read_audit_log(tenant text, after bigint, most integer) returns setof tenancy.audit_entries
  language plpgsql stable security definer set search_path = pg_catalog
as $$
declare
  of_tenant constant tenancy.audit_entries.tenant_id%type := tenant;
begin
  return query
    select e.* from tenancy.audit_entries e where e.tenant_id = of_tenant and e.position > after order by e.position limit most;
end $$;
--> statement-breakpoint
create or replace function tenancy.read_audit_pruned(tenant text, after bigint, most integer) returns setof tenancy.audit_pruned
  language plpgsql stable security definer set search_path = pg_catalog
as $$
declare
  of_tenant constant tenancy.audit_pruned.tenant_id%type := tenant;
begin
  return query
    select p.* from tenancy.audit_pruned p where p.tenant_id = of_tenant and p.position > after order by p.position limit most;
end $$;
--> statement-breakpoint

-- Erases what the entries of one row say: a person's data. Who did what when stays, and so does the proof. Returns how many entries it erased.
create or replace function tenancy.erase_audit_changes(tenant text, resource text, target text) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  of_tenant constant tenancy.audit_entries.tenant_id%type := tenant;
  queued integer;
  logged integer;
begin
  -- The queue first: the second statement sees what was moved from it meanwhile.
  update tenancy.audit_queue q set action = coalesce(action, tenancy.action_of(before, after)), before = null, after = null, always = null
  where q.tenant_id = of_tenant and q.resource = erase_audit_changes.resource and q.target_id = target
    and (q.before is not null or q.after is not null);
  get diagnostics queued = row_count;
  update tenancy.audit_entries e set changes = null, salt = null
  where e.tenant_id = of_tenant and e.resource = erase_audit_changes.resource and e.target_id = target and e.changes is not null;
  get diagnostics logged = row_count;
  return queued + logged;
end $$;
--> statement-breakpoint

-- Drops the partitions whose months ended before a time in the past, and keeps the leaves of their entries. Returns the partitions. The worker
-- and readers wait for at most a second; the caller tries again later.
create or replace function tenancy.prune_audit(before timestamp with time zone) returns setof text
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  partition name;
  caller_timeout constant text := current_setting('lock_timeout');
begin
  perform set_config('lock_timeout', '1s', true);
  for partition in
    select c.relname from pg_inherits join pg_class c on c.oid = inhrelid
    where inhparent = 'tenancy.audit_entries'::regclass and c.relname ~ '^audit_entries_\d{4}_\d{2}$'
      and right(c.relname, 7) < to_char(least(before, now()) at time zone 'UTC', 'YYYY_MM')
    order by c.relname
  loop
    lock table only tenancy.audit_entries in access exclusive mode; -- the worker may be moving an entry of this month
    execute format('insert into tenancy.audit_pruned (tenant_id, position, leaf)
      select tenant_id, position, tenancy.audit_leaf(e) from tenancy.%I as p, lateral (select p::tenancy.audit_entries as e) as whole', partition);
    execute format('drop table tenancy.%I', partition);
    return next partition;
  end loop;
  perform set_config('lock_timeout', caller_timeout, true);
end $$;
--> statement-breakpoint
do $$
declare
  worker text;
begin
  revoke execute on function tenancy.audit_leaf(tenancy.audit_entries), tenancy.append_audit_logs(integer),
    tenancy.unsigned_audit_logs(integer), tenancy.store_audit_checkpoint(text, bigint, text), tenancy.read_audit_logs(),
    tenancy.read_audit_checkpoints(text), tenancy.read_audit_log(text, bigint, integer), tenancy.read_audit_pruned(text, bigint, integer),
    tenancy.erase_audit_changes(text, text, text), tenancy.prune_audit(timestamptz) from public;
  grant execute on function tenancy.read_audit_logs(), tenancy.read_audit_checkpoints(text),
    tenancy.read_audit_log(text, bigint, integer), tenancy.read_audit_pruned(text, bigint, integer),
    tenancy.erase_audit_changes(text, text, text), tenancy.prune_audit(timestamptz) to pg_database_owner;
  for worker in select 'pg_database_owner' union select jsonb_array_elements_text(current_setting('rowhouse.workers')::jsonb) loop
    execute format('grant execute on function tenancy.append_audit_logs(integer), tenancy.unsigned_audit_logs(integer),
      tenancy.store_audit_checkpoint(text, bigint, text) to %I', worker);
  end loop;
end $$;
--> statement-breakpoint
reset role;
--> statement-breakpoint
select tenancy.leave_recorder();
