-- Written by "rowhouse init", e9873269901cab26. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The audit trail: who changed which row, and which columns of it. A trigger writes it in the transaction of the change. The functions run
-- as the recorder; the serving role reads the entries of its tenant and writes none, so that it can neither forge nor forget one.
select
  set_config('rowhouse.tenant_id_type', (
    select case prorettype when 'text'::regtype then 'text collate "C"' else prorettype::regtype::text end
    from pg_proc where oid = 'tenancy.current_tenant_id()'::regprocedure), true),
  set_config('rowhouse.serving_role', (select name::text from tenancy.roles where purpose = 'serving'), true),
  set_config('rowhouse.admin_role', coalesce((
    select name::text from tenancy.roles join pg_roles on rolname = name where purpose = 'admin'), ''), true),
  set_config('rowhouse.workers', (
    select coalesce(jsonb_agg(name), '[]') from tenancy.roles join pg_roles on rolname = name where purpose = 'worker')::text, true);
--> statement-breakpoint
select tenancy.become_recorder(variadic array['tenancy.audit_queue', 'tenancy.audit_entries', 'tenancy.audit_trail', 'tenancy.audit_logs',
  'tenancy.audit_checkpoints', 'tenancy.audit_pruned', 'tenancy.action_of(jsonb,jsonb)', 'tenancy.changes_of(jsonb,jsonb,text[])',
  'tenancy.resource_name(oid)', 'tenancy.texts_of(anyelement,text[])', 'tenancy.row_name(jsonb,text[])', 'tenancy.redacted(jsonb,text[])', 'tenancy.record_change()',
  'tenancy.audit_event(text,text,text,jsonb)', 'tenancy.refuse_audit_change()', 'tenancy.make_audit_partitions()']
  || array(select inhrelid::regclass::text from pg_inherits where inhparent = to_regclass('tenancy.audit_entries')));
--> statement-breakpoint
do $$ begin
  if to_regtype('tenancy.tenant_id') is null then
    execute format('create domain tenancy.tenant_id as %s', current_setting('rowhouse.tenant_id_type'));
  end if;
end $$;
--> statement-breakpoint

-- What happened to a row, of which this is what it was and is.
create or replace function tenancy.action_of(before jsonb, after jsonb) returns text
  language sql immutable
  return case when before is null then 'created' when after is null then 'deleted' else 'updated' end;
--> statement-breakpoint
-- What an entry says of each column: { "from", "to" }, the text of the value, or null. Columns whose texts are alike are left out, except
-- the ones that are named. Null of an entry whose changes were erased.
create or replace function tenancy.changes_of(before jsonb, after jsonb, always text[]) returns jsonb
  language plpgsql immutable set search_path = pg_catalog
as $$
begin
  if before is null and after is null then
    return null;
  end if;
  return (
    select coalesce(jsonb_object_agg(key, jsonb_object('{from,to}', array[before ->> key, after ->> key])), '{}')
    from jsonb_object_keys(coalesce(before, '{}') || coalesce(after, '{}')) as key
    where before ->> key is distinct from after ->> key or key = any (always));
end $$;
--> statement-breakpoint
do $$ begin
  if not exists (select from pg_class where relnamespace = 'tenancy'::regnamespace and relname = 'audit_entries') then
    -- The entries that have no position yet: what a write makes. It has one index, because each one is paid for by the write. The worker
    -- moves them to the log of their tenant: what is in an index there has a limit here, so that no entry is too large for it.
    execute format($create$
      create table tenancy.audit_queue (
        tenant_id %1$s not null default tenancy.current_tenant_id(),
        id uuid not null default tenancy.uuid_v7(),
        at timestamptz(3) not null default clock_timestamp(),
        -- Null says what tenancy.action_of() does.
        action text collate "C",
        resource text collate "C" not null,
        target_id varchar(400) collate "C",
        actor text collate "C",
        request_id varchar(400) collate "C",
        -- Null is "request", or "trigger" without the id of one.
        source text collate "C",
        reason text,
        -- The columns of the row, and the names of those that are in the entry although their texts are alike.
        before jsonb,
        after jsonb,
        always text[],
        xid xid8 not null default pg_current_xact_id(),
        constraint audit_queue_pkey primary key (tenant_id, at, id))
    $create$, current_setting('rowhouse.tenant_id_type'));
    -- The logs of the tenants, a partition a month.
    execute format($create$
      create table tenancy.audit_entries (
        tenant_id %1$s not null default tenancy.current_tenant_id(),
        id uuid not null,
        at timestamptz(3) not null,
        -- The place in the log of the tenant, without gaps.
        position bigint not null,
        action text collate "C" not null,
        resource text collate "C" not null,
        target_id text collate "C",
        actor text collate "C",
        request_id text collate "C",
        source text collate "C" not null,
        reason text,
        changes jsonb,
        -- The log proves this hash, so that changes can be erased, with their salt.
        salt bytea,
        changes_hash bytea not null,
        xid xid8 not null,
        constraint audit_entries_pkey primary key (tenant_id, at, id))
      partition by range (at)
    $create$, current_setting('rowhouse.tenant_id_type'));
    create index audit_entries_tenant_id_target_id_idx on tenancy.audit_entries (tenant_id, target_id, at, id);
    create index audit_entries_tenant_id_request_id_idx on tenancy.audit_entries (tenant_id, request_id);
    create index audit_entries_tenant_id_position_idx on tenancy.audit_entries (tenant_id, position);
    -- A month without a partition of its own stops no worker.
    create table tenancy.audit_entries_default partition of tenancy.audit_entries default;
    alter table tenancy.audit_entries_default enable row level security;
    -- All entries of a tenant.
    create view tenancy.audit_trail with (security_invoker = true) as
      select * from tenancy.audit_entries
      union all
      select tenant_id, id, at, null, coalesce(action, tenancy.action_of(before, after)), resource, target_id::text, actor, request_id::text,
        coalesce(source, case when request_id is null then 'trigger' else 'request' end), reason,
        tenancy.changes_of(before, after, always), null, null, xid
      from tenancy.audit_queue;
    -- How many entries of a tenant have a position, and the roots of the full trees of their leaves, the largest first (RFC 6962,
    -- section 2.1).
    execute format($create$
      create table tenancy.audit_logs (
        tenant_id %1$s not null default tenancy.current_tenant_id(),
        size bigint not null,
        trees bytea[] not null,
        constraint audit_logs_pkey primary key (tenant_id))
    $create$, current_setting('rowhouse.tenant_id_type'));
    -- The last signed checkpoint of each day: it covers the ones before it.
    execute format($create$
      create table tenancy.audit_checkpoints (
        tenant_id %1$s not null default tenancy.current_tenant_id(),
        day date not null,
        size bigint not null,
        note text not null,
        constraint audit_checkpoints_pkey primary key (tenant_id, day))
    $create$, current_setting('rowhouse.tenant_id_type'));
    -- The leaves of entries that were pruned, so that the others can be verified.
    execute format($create$
      create table tenancy.audit_pruned (
        tenant_id %1$s not null default tenancy.current_tenant_id(),
        position bigint not null,
        leaf bytea not null,
        constraint audit_pruned_pkey primary key (tenant_id, position))
    $create$, current_setting('rowhouse.tenant_id_type'));
  end if;
end $$;
--> statement-breakpoint
do $$
declare
  relation text;
  reader text;
  admin constant text := current_setting('rowhouse.admin_role');
begin
  foreach relation in array array['tenancy.audit_queue', 'tenancy.audit_entries', 'tenancy.audit_logs', 'tenancy.audit_checkpoints',
    'tenancy.audit_pruned'] loop
    if not exists (select from pg_policy where polrelid = relation::regclass) then
      execute format('alter table %s enable row level security', relation);
      execute format('create policy tenant_isolation on %s using (tenant_id = (select tenancy.current_tenant_id()))
        with check (tenant_id = (select tenancy.current_tenant_id()))', relation);
      execute format('create policy tenant_restrictive on %s as restrictive using (tenant_id = (select tenancy.current_tenant_id()))
        with check (tenant_id = (select tenancy.current_tenant_id()))', relation);
    end if;
    execute format('revoke insert, update, delete, truncate, references, trigger on %s from public, %I', relation,
      current_setting('rowhouse.serving_role'));
    execute format('grant select on %s to %I', relation, current_setting('rowhouse.serving_role'));
    if admin <> '' then
      execute format('grant select on %s to %I', relation, admin);
    end if;
  end loop;
  for reader in select unnest(array[current_setting('rowhouse.serving_role'), nullif(admin, '')]) loop
    continue when reader is null;
    execute format('grant select on tenancy.audit_trail to %I', reader);
    execute format('grant execute on function tenancy.action_of(jsonb, jsonb), tenancy.changes_of(jsonb, jsonb, text[]) to %I', reader);
  end loop;
end $$;
--> statement-breakpoint

-- How the trail and the trash name a table: tasks, or billing.invoices outside of the schema public, and public."a.b" as public.a.b.
create or replace function tenancy.resource_name(relation oid) returns text
  language plpgsql stable set search_path = pg_catalog
as $$
begin
  return (
    select case when nspname = 'public' and position('.' in relname) = 0 then relname::text else nspname || '.' || relname end
    from pg_class join pg_namespace n on n.oid = relnamespace where pg_class.oid = relation);
end $$;
--> statement-breakpoint

-- The columns of a row as the text of their values, or null. JSON keeps most values as their text, in whatever formats the session has. It
-- loses some of a few types, whose columns are named: their text is asked for.
create or replace function tenancy.texts_of(given anyelement, exact text[]) returns jsonb
  language plpgsql stable set search_path = pg_catalog set datestyle = 'ISO' set intervalstyle = 'postgres' set extra_float_digits = 1
as $$
declare
  texts jsonb;
begin
  if exact = '{}' then
    return to_jsonb(given);
  end if;
  execute format('select jsonb_object($2, array[%s])', (
    select string_agg(format('($1).%I::text', name), ', ' order by number) from unnest(exact) with ordinality as each (name, number)))
  into texts using given, exact;
  return to_jsonb(given) || texts;
end $$;
--> statement-breakpoint

-- What names a row: its key, or several as a JSON array.
create or replace function tenancy.row_name(columns jsonb, keys text[]) returns text
  language plpgsql immutable set search_path = pg_catalog
as $$
begin
  return case cardinality(keys) when 1 then columns ->> keys[1]
    else (select jsonb_agg(columns ->> name order by place)::text from unnest(keys) with ordinality as each (name, place)) end;
end $$;
--> statement-breakpoint

-- A row without the values of these columns. That a column has one stays.
create or replace function tenancy.redacted(columns jsonb, names text[]) returns jsonb
  language plpgsql immutable set search_path = pg_catalog
as $$
begin
  return columns || (
    select coalesce(jsonb_object_agg(name, '[redacted]'), '{}') from unnest(names) as name where columns ->> name is not null);
end $$;
--> statement-breakpoint

-- The trigger of an audited table. Its arguments: the serving role, the role of administrative work, the tenant column, the other column of the
-- primary key, the columns that entries leave out, and the columns that are redacted. A table that redacts some, has others whose text is asked
-- for, several in its key, partitions or a dot in its name has two more: those columns, and those of the key.
-- A row has at most 32 MiB: what it was and is has to fit into one value of PostgreSQL, also as text.
-- Each transaction prepares each expression again. So most rows take one variable, two conditions and one statement. The worker computes the
-- rest: what a column was and is.
create or replace function tenancy.record_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare
  after jsonb := to_jsonb(new);
  before jsonb;
  arrived jsonb;
  login text;
  source text;
  reason text;
  named text;
  target text;
  always text[];
begin
  if session_user <> tg_argv[0] or coalesce(current_setting('app.current_tenant', true), '') = '' or tg_nargs > 6
    or pg_column_size(after) > 33554432
  then
    -- The role that the session took, where the login is another one: PGlite.
    login := coalesce(nullif(current_setting('role', true), 'none'), session_user);
    -- The end of a statement comes before its triggers: SQL that empties the tenant there would take the signature from the request id.
    if login = tg_argv[0] and coalesce(current_setting('app.current_tenant', true), '') = '' then
      raise exception 'the tenant of this transaction is gone' using errcode = '42501';
    elsif login <> tg_argv[0] then
      source := case login when tg_argv[1] then 'admin' else 'owner' end;
      reason := nullif(current_setting('app.admin_reason', true), '');
    end if;
    if tg_nargs > 6 then
      before := tenancy.texts_of(old, tg_argv[6]::text[]);
      after := tenancy.texts_of(new, tg_argv[6]::text[]);
      named := tenancy.resource_name(coalesce(pg_partition_root(tg_relid), tg_relid));
      target := tenancy.row_name(coalesce(after, before), tg_argv[7]::text[]);
      always := (
        select array_agg(name) from unnest(tg_argv[5]::text[]) as name
        where before ->> name <> after ->> name and name <> all (tg_argv[4]::text[]));
      before := tenancy.redacted(before, tg_argv[5]::text[]);
      after := tenancy.redacted(after, tg_argv[5]::text[]);
    end if;
    if pg_column_size(after) > 33554432 then
      raise exception 'the row is too large for the audit trail' using errcode = '54000';
    end if;
  end if;
  if tg_op <> 'INSERT' then
    before := coalesce(before, to_jsonb(old));
    if pg_column_size(before) > 33554432 then
      raise exception 'the row is too large for the audit trail' using errcode = '54000';
    elsif before -> tg_argv[2] <> after -> tg_argv[2] then
      -- A row that moves to another tenant is deleted in the log of the one, and created in the log of the other.
      arrived := after;
      after := null;
      target := case when tg_nargs > 6 then tenancy.row_name(before, tg_argv[7]::text[]) end;
    -- The text, because JSON takes 1.0 and 1.00 for the same number.
    elsif tg_op = 'UPDATE' and always is null and (before - tg_argv[4]::text[])::text = (after - tg_argv[4]::text[])::text then
      return null;
    end if;
  end if;
  loop
    insert into tenancy.audit_queue (tenant_id, resource, target_id, actor, request_id, source, reason, before, after, always)
    values ((coalesce(after, before) ->> tg_argv[2])::tenancy.tenant_id,
      coalesce(named, case tg_table_schema when 'public' then tg_table_name::text else tg_table_schema || '.' || tg_table_name end),
      coalesce(target, coalesce(after, before) ->> tg_argv[3]),
      tenancy.current_actor(), -- where tenants are signed, it verifies the request id too
      nullif(current_setting('app.request_id', true), ''), source, reason, before - tg_argv[4]::text[], after - tg_argv[4]::text[], always);
    exit when arrived is null;
    before := null;
    after := arrived;
    arrived := null;
    target := case when tg_nargs > 6 then tenancy.row_name(after, tg_argv[7]::text[]) end;
  end loop;
  return null;
end $$;
--> statement-breakpoint

-- An event of the application, in the transaction of its cause. Its action has a dot, which no change of a row has, and its source is
-- "event".
create or replace function tenancy.audit_event(action text, resource text, target text, changes jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.audit_queue.tenant_id%type := tenancy.current_tenant_id();
  entry constant uuid := tenancy.uuid_v7();
begin
  if tenant is null then
    raise exception 'an event belongs to a tenant';
  elsif action !~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$' or length(action) > 100 then
    raise exception 'the action of an event has a form such as invoice.sent' using errcode = '22023';
  elsif jsonb_typeof(changes) is distinct from 'object' or exists (
    select from jsonb_each(changes) as change
    where jsonb_typeof(value) <> 'object' or value - 'from' - 'to' <> '{}' or not value ?& '{from,to}'
      or jsonb_typeof(value -> 'from') not in ('string', 'null') or jsonb_typeof(value -> 'to') not in ('string', 'null'))
  then
    raise exception 'each change of an event has "from" and "to", each a text or null' using errcode = '22023';
  elsif pg_column_size(changes) > 33554432 then
    raise exception 'the event is too large for the audit trail' using errcode = '54000';
  end if;
  insert into tenancy.audit_queue (tenant_id, id, action, resource, target_id, actor, request_id, source, before, after, always)
  select tenant, entry, action, resource, target, tenancy.current_actor(), nullif(current_setting('app.request_id', true), ''), 'event',
    coalesce(jsonb_object_agg(key, value -> 'from'), '{}'), coalesce(jsonb_object_agg(key, value -> 'to'), '{}'), array_agg(key)
  from jsonb_each(changes);
  return entry;
end $$;
--> statement-breakpoint

-- Only functions of the recorder change entries. It stops mistakes of the owner and of superusers, who could disable it: what they did then,
-- a signed checkpoint proves.
create or replace function tenancy.refuse_audit_change() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
begin
  if current_user <> (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
    raise exception 'entries of the audit trail do not change' using errcode = '42501';
  end if;
  return null;
end $$;
--> statement-breakpoint

-- Makes the partitions of this month and of the next one, and moves entries out of the default partition. The worker and readers
-- wait for at most a second; the caller tries again later.
create or replace function tenancy.make_audit_partitions() returns integer
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  month timestamptz;
  partition text;
  made integer := 0;
  waits constant text := current_setting('lock_timeout');
begin
  perform set_config('lock_timeout', '1s', true);
  for month in
    select m from (
      select date_trunc('month', now(), 'UTC') + number * interval '1 month' as m from generate_series(0, 1) as number
      union select date_trunc('month', at, 'UTC') from tenancy.audit_entries_default) as months
    order by m
  loop
    partition := format('audit_entries_%s', to_char(month at time zone 'UTC', 'YYYY_MM'));
    continue when exists (select from pg_class where relnamespace = 'tenancy'::regnamespace and relname = partition);
    lock table tenancy.audit_entries_default in access exclusive mode;
    execute format('create table tenancy.%I (like tenancy.audit_entries including all)', partition);
    execute format('alter table tenancy.%I enable row level security', partition);
    execute format('with moved as (delete from tenancy.audit_entries_default where at >= %1$L and at < %2$L returning *)
      insert into tenancy.%3$I select * from moved', month, month + interval '1 month', partition);
    execute format('alter table tenancy.audit_entries attach partition tenancy.%I for values from (%L) to (%L)',
      partition, month, month + interval '1 month');
    execute format('create trigger refuse_audit_change before update or delete or truncate on tenancy.%I
      for each statement execute function tenancy.refuse_audit_change()', partition);
    made := made + 1;
  end loop;
  -- The isolation check cannot read it, and takes pages for entries.
  if pg_relation_size('tenancy.audit_entries_default') > 0 then
    lock table tenancy.audit_entries_default in access exclusive mode;
    if not exists (select from tenancy.audit_entries_default) then
      truncate tenancy.audit_entries_default;
    end if;
  end if;
  perform set_config('lock_timeout', waits, true);
  return made;
end $$;
--> statement-breakpoint
do $$
declare
  relation regclass;
  worker text;
begin
  foreach relation in array array['tenancy.audit_queue', 'tenancy.audit_entries', 'tenancy.audit_entries_default']::regclass[] loop
    if not exists (select from pg_trigger where tgrelid = relation and tgname = 'refuse_audit_change') then
      execute format('create trigger refuse_audit_change before update or delete or truncate on %s
        for each statement execute function tenancy.refuse_audit_change()', relation);
    end if;
  end loop;
  revoke execute on function tenancy.action_of(jsonb, jsonb), tenancy.changes_of(jsonb, jsonb, text[]), tenancy.resource_name(oid),
    tenancy.texts_of(anyelement, text[]), tenancy.row_name(jsonb, text[]), tenancy.redacted(jsonb, text[]), tenancy.record_change(), tenancy.audit_event(text, text, text, jsonb), tenancy.refuse_audit_change(), tenancy.make_audit_partitions() from public;
  execute format('grant execute on function tenancy.audit_event(text, text, text, jsonb), tenancy.resource_name(oid) to %I',
    current_setting('rowhouse.serving_role'));
  -- The owner of the database, whatever its name after a restore: it makes the function a trigger of its tables.
  grant execute on function tenancy.record_change(), tenancy.resource_name(oid) to pg_database_owner;
  for worker in select 'pg_database_owner' union select jsonb_array_elements_text(current_setting('rowhouse.workers')::jsonb) loop
    execute format('grant execute on function tenancy.make_audit_partitions() to %I', worker);
  end loop;
end $$;
--> statement-breakpoint
select tenancy.make_audit_partitions();
--> statement-breakpoint
reset role;
--> statement-breakpoint
select tenancy.leave_recorder();
--> statement-breakpoint

-- What tenancy.audit() and tenancy.trash() were told of each table. The isolation check, which runs as the serving role, compares the
-- triggers with it.
create table if not exists tenancy.recorded_tables (
  relation text primary key,
  audit boolean not null default false,
  redact text[] not null default '{}',
  ignore text[] not null default '{}',
  trash boolean not null default false
);
--> statement-breakpoint
do $$
declare
  serving constant name := (select name from tenancy.roles where purpose = 'serving');
begin
  execute format('revoke all on tenancy.recorded_tables from public, %I', serving);
  execute format('grant select on tenancy.recorded_tables to %I', serving);
end $$;
--> statement-breakpoint

-- The columns of a table whose text JSON does not keep: floats (minus zero), json and jsonb (their null), arrays (their bounds),
-- composite types, and types that are cast to json. And those whose text has the formats of the session: intervals, ranges, geometric types.
create or replace function tenancy.exact_columns(relation regclass) returns text[]
  language plpgsql stable set search_path = pg_catalog
as $$
begin
  return array(
    with recursive types as (
      select attname, attnum, atttypid as type from pg_attribute where attrelid = relation and attnum > 0 and not attisdropped
      union all
      select attname, attnum, typbasetype from types join pg_type on oid = type where typtype = 'd')
    select attname::text from types join pg_type t on t.oid = type
    where typtype <> 'd' and (type in ('float4'::regtype, 'float8'::regtype, 'json'::regtype, 'jsonb'::regtype)
      or typcategory in ('A', 'T', 'R', 'G') or typtype = 'c'
      or exists (select from pg_cast where castsource = type and casttarget in ('json'::regtype, 'jsonb'::regtype)))
    order by attnum);
end $$;
--> statement-breakpoint
revoke execute on function tenancy.exact_columns(regclass) from public;
--> statement-breakpoint

-- The columns of a table's primary key but the tenant column. They name a row in the trail and in the trash.
create or replace function tenancy.key_columns(relation regclass, tenant_column name) returns text[]
  language plpgsql stable set search_path = pg_catalog
as $$
declare
  found constant text[] := array(
    select attname::text from pg_index, unnest(indkey) with ordinality as k (number, place)
    join pg_attribute on attrelid = relation and attnum = number
    where indrelid = relation and indisprimary and attname <> tenant_column order by place);
begin
  if found = '{}' then
    raise exception '% has no primary key beside its tenant column', relation
      using hint = 'The audit trail and the trash name a row by its primary key.';
  elsif (select nspname ~ '\.' from pg_class join pg_namespace n on n.oid = relnamespace where pg_class.oid = relation) then
    raise exception 'the schema of % has a dot in its name', relation
      using hint = 'The audit trail and the trash name a table as schema.table.';
  end if;
  return found;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.key_columns(regclass, name) from public;
--> statement-breakpoint

-- Makes a row trigger with these arguments, and nothing where it is there already: then it takes no lock that blocks a query.
create or replace function tenancy.set_trigger(relation regclass, name name, events text, called text, arguments text[]) returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  list constant text := (select string_agg(quote_literal(one), ', ' order by number) from unnest(arguments) with ordinality as u (one, number));
  present constant text := (
    select pg_get_triggerdef(oid) from pg_trigger
    where tgrelid = relation and tgname = set_trigger.name and tgenabled = 'O' and tgqual is null and tgconstraint = 0 and not tgisinternal);
begin
  if position(events || ' ON ' in present) > 0 and right(present, length(called || '(' || list || ')')) = called || '(' || list || ')' then
    return;
  end if;
  execute format('drop trigger if exists %I on %s', name, relation);
  execute format('create trigger %I %s on %s for each row execute function %s(%s)', name, events, relation, called, list);
end $$;
--> statement-breakpoint
revoke execute on function tenancy.set_trigger(regclass, name, text, text, text[]) from public;
--> statement-breakpoint

-- tenancy.audit('public.users', redact => '{email}') records every change of a table: who, when, and which columns. The value of a redacted
-- column is never written, only that it changed. A change of ignored columns alone makes no entry.
create or replace function tenancy.audit(
  relation regclass, redact text[] default '{}', ignore text[] default '{updated_at}', tenant_column name default 'tenant_id') returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  keys constant text[] := tenancy.key_columns(relation, tenant_column);
  exact constant text[] := tenancy.exact_columns(relation);
  unknown constant text := (
    select string_agg(name, ', ') from unnest(redact) as name
    where name not in (select attname from pg_attribute where attrelid = relation and attnum > 0 and not attisdropped));
  -- Generated columns whose expression reads a redacted column.
  derived constant text := (
    select string_agg(distinct g.attname, ', ')
    from pg_attrdef d
    join pg_attribute g on g.attrelid = adrelid and g.attnum = adnum and g.attgenerated <> ''
    join pg_depend on classid = 'pg_attrdef'::regclass and objid = d.oid and refclassid = 'pg_class'::regclass and refobjid = adrelid
    join pg_attribute c on c.attrelid = adrelid and c.attnum = refobjsubid
    where adrelid = relation and c.attname = any (redact) and c.attnum <> g.attnum and g.attname <> all (redact));
begin
  if unknown is not null then
    raise exception '% has no column %', relation, unknown using hint = 'redact names columns as the database does, such as {email}.';
  elsif (keys || tenant_column::text) && redact then
    raise exception '% names its rows by a redacted column', relation using hint = 'Entries name a row by its primary key, as it is.';
  elsif derived is not null then
    raise exception '% is computed from a redacted column of %', derived, relation using hint = 'Redact it as well.';
  end if;
  perform tenancy.set_trigger(relation, 'record_change', 'AFTER INSERT OR DELETE OR UPDATE', 'tenancy.record_change', array[
    (select name::text from tenancy.roles where purpose = 'serving'), coalesce((select name::text from tenancy.roles where purpose = 'admin'), ''),
    tenant_column::text, keys[1], (ignore || tenant_column::text)::text, redact::text]
    || (
      select array[exact::text, keys::text] from pg_class
      where oid = relation and (redact <> '{}' or exact <> '{}' or cardinality(keys) > 1 or relkind = 'p' or relispartition or relname ~ '\.')));
  insert into tenancy.recorded_tables as r (relation, audit, redact, ignore)
  values (tenancy.resource_name(relation), true, audit.redact, audit.ignore)
  on conflict on constraint recorded_tables_pkey do update set audit = true, redact = excluded.redact, ignore = excluded.ignore
  where (r.audit, r.redact, r.ignore) is distinct from (true, excluded.redact, excluded.ignore);
end $$;
--> statement-breakpoint
revoke execute on function tenancy.audit(regclass, text[], text[], name) from public;
--> statement-breakpoint

create or replace function tenancy.stop_audit(relation regclass) returns void
  language plpgsql set search_path = pg_catalog
as $$
begin
  if exists (select from pg_trigger where tgrelid = relation and tgname = 'record_change') then
    execute format('drop trigger record_change on %s', relation);
  end if;
  update tenancy.recorded_tables r set audit = false, redact = '{}', ignore = '{}'
  where r.relation = tenancy.resource_name(stop_audit.relation) and r.audit;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.stop_audit(regclass) from public;
