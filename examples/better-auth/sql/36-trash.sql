-- Written by "rowhouse init", f6220bebdeb52834. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The trash: a DELETE stays a DELETE, and the rows that left a table can come back. Triggers keep them; the functions run as the recorder. The
-- serving role reads the trash of its tenant, restores rows and deletes them for good.
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
do $$ begin
  execute format('grant select on tenancy.roles to %I', (select name from tenancy.roles where purpose = 'recorder'));
end $$;
--> statement-breakpoint
select tenancy.become_recorder('tenancy.trash', 'tenancy.keep_row(jsonb,oid,text,text[],text)', 'tenancy.keep_deleted()',
  'tenancy.keep_reference()', 'tenancy.fallen_with(uuid)',
  'tenancy.take_from_trash(text,text)', 'tenancy.leave_trash()', 'tenancy.record_purge(text,text,text,integer,text)',
  'tenancy.discard(text,text)', 'tenancy.purge_trash(interval,integer)', 'tenancy.count_old_trash(interval)',
  'tenancy.resource_table(text)', 'tenancy.begin_batch()');
--> statement-breakpoint
do $$
declare
  admin constant text := current_setting('rowhouse.admin_role');
begin
  if not exists (select from pg_class where relnamespace = 'tenancy'::regnamespace and relname = 'trash') then
    execute format($create$
      create table tenancy.trash (
        tenant_id %1$s not null default tenancy.current_tenant_id(),
        id uuid not null default tenancy.uuid_v7(),
        -- What one statement deleted, with the rows that fell by a cascade.
        batch uuid not null,
        resource text collate "C" not null,
        target_id text collate "C" not null,
        -- From each column to the text of its value, or null. For a row that stays and lost a reference: the columns of the reference.
        "row" jsonb not null,
        -- The foreign key whose ON DELETE SET NULL emptied the reference; null for a row that was deleted.
        reference text collate "C",
        deleted_at timestamptz(3) not null default clock_timestamp(),
        actor text collate "C",
        request_id text collate "C",
        -- The transaction that is restoring the row, and the row's place in it: a row comes after what it references.
        taken_by xid8,
        place integer,
        constraint trash_pkey primary key (tenant_id, id))
    $create$, current_setting('rowhouse.tenant_id_type'));
    create index trash_tenant_id_resource_target_id_idx on tenancy.trash (tenant_id, resource, target_id);
    create index trash_tenant_id_resource_deleted_at_id_idx on tenancy.trash (tenant_id, resource, deleted_at, id);
    create index trash_tenant_id_batch_idx on tenancy.trash (tenant_id, batch);
    create index trash_tenant_id_taken_by_idx on tenancy.trash (tenant_id, taken_by) where taken_by is not null;
    create index trash_deleted_at_idx on tenancy.trash (deleted_at);
    alter table tenancy.trash enable row level security;
    create policy tenant_isolation on tenancy.trash
      using (tenant_id = (select tenancy.current_tenant_id())) with check (tenant_id = (select tenancy.current_tenant_id()));
    create policy tenant_restrictive on tenancy.trash as restrictive
      using (tenant_id = (select tenancy.current_tenant_id())) with check (tenant_id = (select tenancy.current_tenant_id()));
  end if;
  execute format('revoke insert, update, delete, truncate, references, trigger on tenancy.trash from public, %I',
    current_setting('rowhouse.serving_role'));
  execute format('grant select on tenancy.trash to %I', current_setting('rowhouse.serving_role'));
  if admin <> '' then
    execute format('grant select on tenancy.trash to %I', admin);
  end if;
end $$;
--> statement-breakpoint

-- Each statement begins a batch. The statements of referential actions run at a deeper level, so the rows that fall by a cascade get the
-- batch of the row that they fall with.
create or replace function tenancy.begin_batch() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
declare
  batch text;
begin
  if pg_trigger_depth() = 1 then
    batch := set_config('rowhouse.batch', gen_random_uuid()::text, true); -- PERFORM would be a query
  end if;
  return null;
end $$;
--> statement-breakpoint

-- Keeps the columns of a row, as tenancy.texts_of() gives them. Without the tenant of the transaction the serving role keeps nothing: the end
-- of a statement comes before its triggers, and SQL that empties the tenant there would take the signature from the request id.
create or replace function tenancy.keep_row(kept jsonb, relation oid, tenant_column text, keys text[], reference text) returns void
  language plpgsql volatile set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.trash.tenant_id%type := kept ->> tenant_column;
begin
  if coalesce(current_setting('app.current_tenant', true), '') = '' then
    if exists (
      select from tenancy.roles
      where purpose = 'serving' and name = coalesce(nullif(current_setting('role', true), 'none'), session_user))
    then
      raise exception 'the tenant of this transaction is gone' using errcode = '42501';
    end if;
  end if;
  insert into tenancy.trash (tenant_id, batch, resource, target_id, "row", reference, actor, request_id)
  values (tenant, coalesce(nullif(current_setting('rowhouse.batch', true), '')::uuid, gen_random_uuid()),
    tenancy.resource_name(coalesce(pg_partition_root(relation), relation)), tenancy.row_name(kept, keys),
    (select jsonb_object_agg(key, value) from jsonb_each_text(kept)), reference, tenancy.current_actor(),
    nullif(current_setting('app.request_id', true), ''));
end $$;
--> statement-breakpoint

-- Its arguments: the tenant column, the other columns of the primary key, and the columns whose text is asked for (tenancy.texts_of). As in
-- tenancy.record_change(), most rows take few expressions: what tenancy.keep_row() does of theirs.
create or replace function tenancy.keep_deleted() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare
  kept jsonb := to_jsonb(old);
  tenant tenancy.trash.tenant_id%type := kept ->> tg_argv[0];
begin
  if coalesce(current_setting('app.current_tenant', true), '') = '' or tg_argv[2] <> '{}' or position(',' in tg_argv[1]) > 0
    or position('.' in tg_table_name) > 0 or pg_partition_root(tg_relid) is not null
  then
    perform tenancy.keep_row(tenancy.texts_of(old, tg_argv[2]::text[]), tg_relid, tg_argv[0], tg_argv[1]::text[], null);
    return null;
  end if;
  insert into tenancy.trash (tenant_id, batch, resource, target_id, "row", actor, request_id)
  select tenant, coalesce(nullif(current_setting('rowhouse.batch', true), '')::uuid, gen_random_uuid()),
    case tg_table_schema when 'public' then tg_table_name::text else tg_table_schema || '.' || tg_table_name end,
    kept #>> tg_argv[1]::text[], texts, tenancy.current_actor(), nullif(current_setting('app.request_id', true), '')
  from (select jsonb_object_agg(key, kept ->> key) as texts from (select jsonb_object_keys(kept) as key) as names) as texts;
  return null;
end $$;
--> statement-breakpoint

-- Before a referential action empties a reference. An UPDATE of the application runs at depth 1, and is not kept, nor is one of a trigger that
-- empties nothing. Its arguments: those of tenancy.keep_deleted(), the name of the foreign key, and its columns.
create or replace function tenancy.keep_reference() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare
  before jsonb;
begin
  if pg_trigger_depth() > 1 then
    before := tenancy.texts_of(old, tg_argv[2]::text[]);
    if exists (
      select from unnest(tg_argv[4]::text[]) as name
      where before ->> name is not null and tenancy.texts_of(new, tg_argv[2]::text[]) ->> name is null)
    then
      perform tenancy.keep_row((
        select jsonb_object_agg(key, value) from jsonb_each(before)
        where key = any (tg_argv[1]::text[] || tg_argv[0] || tg_argv[4]::text[])), tg_relid, tg_argv[0], tg_argv[1]::text[], tg_argv[3]);
    end if;
  end if;
  return new;
end $$;
--> statement-breakpoint

-- The table of a name that tenancy.resource_name() gives, or null.
create or replace function tenancy.resource_table(resource text) returns regclass
  language plpgsql stable set search_path = pg_catalog
as $$
declare
  dot constant integer := position('.' in resource);
begin
  -- Not by to_regclass(), which needs the schema: the recorder has no privilege on it.
  return (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = case dot when 0 then 'public' else left(resource, dot - 1) end and c.relname = substr(resource, dot + 1));
end $$;
--> statement-breakpoint

-- A row of the trash with everything that fell with it, itself first: the rows of its batch that reference it by a foreign key which
-- cascades or sets null, and so on.
create or replace function tenancy.fallen_with(root uuid) returns table (id uuid, place integer)
  language plpgsql stable set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.trash.tenant_id%type := tenancy.current_tenant_id();
begin
  return query
    with recursive fallen as (
      select t.id, t.resource, t."row", t.reference, t.batch, 0 as level from tenancy.trash t where t.tenant_id = tenant and t.id = root
      union all
      select t.id, t.resource, t."row", t.reference, t.batch, p.level + 1
      from fallen p
      join pg_constraint f on f.contype = 'f' and f.confrelid = tenancy.resource_table(p.resource)
      join tenancy.trash t on t.tenant_id = tenant and t.batch = p.batch and t.resource = tenancy.resource_name(f.conrelid)
      where p.reference is null and p.level < 100
        and case f.confdeltype when 'c' then t.reference is null else t.reference = f.conname end
        and not exists (
          select from unnest(f.conkey, f.confkey) as k (child, parent)
          join pg_attribute c on c.attrelid = f.conrelid and c.attnum = k.child
          join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.parent
          where t."row" ->> c.attname::text is distinct from p."row" ->> a.attname::text))
    select f.id, max(f.level) from fallen f group by f.id;
end $$;
--> statement-breakpoint

-- Marks a row for its way back, with everything that fell with it, and returns how many rows that is: 0 for a row that is not there. It takes
-- the last one of a row that was deleted several times. Other transactions wait, and then do not find it. tenancy.put_back() goes on.
create or replace function tenancy.take_from_trash(resource text, target text) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.trash.tenant_id%type := tenancy.current_tenant_id();
  root uuid;
  taken integer;
begin
  select t.id into root from tenancy.trash t
  where t.tenant_id = tenant and t.resource = take_from_trash.resource and t.target_id = target and t.reference is null
  order by t.deleted_at desc, t.id desc limit 1 for update;
  update tenancy.trash t set taken_by = pg_current_xact_id(), place = f.place from tenancy.fallen_with(root) as f
  where t.tenant_id = tenant and t.id = f.id;
  get diagnostics taken = row_count;
  return taken;
end $$;
--> statement-breakpoint

-- The entry of the audit trail for rows that left the trash for good.
create or replace function tenancy.record_purge(tenant text, resource text, target text, rows integer, source text) returns void
  language plpgsql volatile set search_path = pg_catalog
as $$
declare
  of_tenant constant tenancy.trash.tenant_id%type := tenant;
begin
  insert into tenancy.audit_queue (tenant_id, action, resource, target_id, actor, request_id, source, before, after)
  values (of_tenant, 'purged', resource, target, tenancy.current_actor(), nullif(current_setting('app.request_id', true), ''), source,
    jsonb_build_object('rows', rows), '{"rows": 0}');
end $$;
--> statement-breakpoint

-- Deletes from the trash what this transaction has taken. In the audit trail, a row that is back was restored, and another one was purged.
create or replace function tenancy.leave_trash() returns void
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  lost record;
begin
  for lost in
    with gone as (
      delete from tenancy.trash t where t.tenant_id = tenancy.current_tenant_id() and t.taken_by = pg_current_xact_id() returning t.*),
    restored as (
      update tenancy.audit_queue q set action = 'restored' from gone g
      where g.reference is null and q.tenant_id = g.tenant_id and q.at >= now() - interval '1 second' and q.id > g.id
        and q.resource = g.resource and q.target_id = g.target_id and q.xid = pg_current_xact_id() and q.action is null and q.before is null
      returning q.resource, q.target_id)
    select g.tenant_id::text as tenant, g.resource, g.target_id from gone g
    where g.reference is null and exists (
      select from pg_trigger where tgname = 'record_change' and not tgisinternal and tenancy.resource_name(tgrelid) = g.resource)
    and not exists (select from restored r where r.resource = g.resource and r.target_id = g.target_id)
  loop
    perform tenancy.record_purge(lost.tenant, lost.resource, lost.target_id, 1, 'request');
  end loop;
end $$;
--> statement-breakpoint

-- Deletes a row from the trash for good, with everything that fell with it, and returns how many rows that was.
create or replace function tenancy.discard(resource text, target text) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.trash.tenant_id%type := tenancy.current_tenant_id();
  discarded integer;
begin
  delete from tenancy.trash t using (
    select f.id from tenancy.trash r, tenancy.fallen_with(r.id) as f
    where r.tenant_id = tenant and r.resource = discard.resource and r.target_id = target and r.reference is null) as fallen
  where t.tenant_id = tenant and t.id = fallen.id;
  get diagnostics discarded = row_count;
  if discarded > 0 then
    perform tenancy.record_purge(tenant::text, resource, target, discarded, 'request');
  end if;
  return discarded;
end $$;
--> statement-breakpoint

-- Deletes rows that have been in the trash for longer than this, of all tenants, and returns how many. Two workers at once delete different
-- ones.
create or replace function tenancy.purge_trash(older_than interval, most integer) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  tenant record;
  purged integer := 0;
begin
  for tenant in
    with gone as (
      delete from tenancy.trash t using (
        select tenant_id, id from tenancy.trash where deleted_at < now() - older_than
        order by deleted_at limit most for update skip locked) as old
      where t.tenant_id = old.tenant_id and t.id = old.id returning t.tenant_id)
    select tenant_id::text as id, count(*)::integer as rows from gone group by tenant_id
  loop
    perform tenancy.record_purge(tenant.id, 'trash', null, tenant.rows, 'worker');
    purged := purged + tenant.rows;
  end loop;
  return purged;
end $$;
--> statement-breakpoint
-- What tenancy.purge_trash() would delete of each tenant.
create or replace function tenancy.count_old_trash(older_than interval) returns table (tenant_id text, rows bigint)
  language plpgsql stable security definer set search_path = pg_catalog
as $$
begin
  return query
    select t.tenant_id::text, count(*) from tenancy.trash t where t.deleted_at < now() - older_than group by t.tenant_id order by t.tenant_id;
end $$;
--> statement-breakpoint
do $$
declare
  worker text;
begin
  revoke execute on function tenancy.begin_batch(), tenancy.keep_row(jsonb, oid, text, text[], text), tenancy.keep_deleted(),
    tenancy.keep_reference(), tenancy.resource_table(text),
    tenancy.fallen_with(uuid), tenancy.take_from_trash(text, text), tenancy.leave_trash(), tenancy.discard(text, text),
    tenancy.record_purge(text, text, text, integer, text), tenancy.purge_trash(interval, integer),
    tenancy.count_old_trash(interval) from public;
  execute format('grant execute on function tenancy.resource_table(text), tenancy.take_from_trash(text, text), tenancy.leave_trash(),
    tenancy.discard(text, text) to %I', current_setting('rowhouse.serving_role'));
  -- The owner of the database, whatever its name after a restore: it makes the functions triggers of its tables.
  grant execute on function tenancy.begin_batch(), tenancy.keep_deleted(), tenancy.keep_reference() to pg_database_owner;
  for worker in select 'pg_database_owner' union select jsonb_array_elements_text(current_setting('rowhouse.workers')::jsonb) loop
    execute format('grant execute on function tenancy.purge_trash(interval, integer), tenancy.count_old_trash(interval) to %I', worker);
  end loop;
end $$;
--> statement-breakpoint
reset role;
--> statement-breakpoint
select tenancy.leave_recorder();
--> statement-breakpoint

-- The row of the tenant that has the key of a deleted row in a unique index, named as the trash names rows, or null.
create or replace function tenancy.row_with_key(relation regclass, index regclass, deleted jsonb) returns text
  language plpgsql stable set search_path = pg_catalog
as $$
declare
  expressions constant text := (
    select string_agg(pg_get_indexdef(index, number, true), ', ' order by number) from generate_series(1, (
      select indnkeyatts from pg_index where indexrelid = index)) as number);
  found text;
begin
  execute format('select %s from %s where (%s) = (select %s from (select %s) as deleted)%s limit 1', (
      select case count(*) when 1 then max(format('%I::text', attname))
        else format('jsonb_build_array(%s)::text', string_agg(format('%I::text', attname), ', ' order by place)) end
      from pg_index, unnest(indkey) with ordinality as k (number, place)
      join pg_attribute on attrelid = relation and attnum = number
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where indrelid = relation and indisprimary and pg_get_expr(adbin, adrelid) is distinct from 'tenancy.current_tenant_id()'),
    relation, expressions, expressions, (
      select string_agg(format('($1 ->> %L)::%s as %I', attname, format_type(atttypid, -1), attname), ', ')
      from pg_attribute where attrelid = relation and attnum > 0 and not attisdropped),
    (select ' and ' || pg_get_expr(indpred, indrelid) from pg_index where indexrelid = index and indpred is not null))
  into found using deleted;
  return found;
end $$;
--> statement-breakpoint
do $$ begin
  revoke execute on function tenancy.row_with_key(regclass, regclass, jsonb) from public;
  execute format('grant execute on function tenancy.row_with_key(regclass, regclass, jsonb) to %I', (
    select name from tenancy.roles where purpose = 'serving'));
end $$;
--> statement-breakpoint

-- Puts back what this transaction has taken from the trash, as the role that calls it: rows that were deleted, and references that were
-- emptied where they are still empty. Columns that a migration dropped are left out. RH021 names what stands in the way.
create or replace function tenancy.put_back() returns void
  language plpgsql volatile set search_path = pg_catalog set datestyle = 'ISO' set intervalstyle = 'postgres' set array_nulls = on
as $$
declare
  taken tenancy.trash;
  relation regclass;
  emptied jsonb;
  names text;
  texts text;
  violated pg_constraint;
  state text;
  name text;
begin
  for taken in
    select t.* from tenancy.trash t where t.tenant_id = tenancy.current_tenant_id() and t.taken_by = pg_current_xact_id()
    order by t.reference is not null, t.place, t.id
  loop
    relation := tenancy.resource_table(taken.resource);
    if taken.reference is null then
      select string_agg(quote_ident(attname), ', ' order by attnum),
        string_agg(format('($1 ->> %L)::%s', attname, format_type(atttypid, -1)), ', ' order by attnum)
      into names, texts
      from pg_attribute
      where attrelid = relation and attnum > 0 and not attisdropped and attgenerated = '' and taken."row" ? attname::text;
      execute format('insert into %s (%s) overriding system value select %s', relation, names, texts) using taken."row";
    else
      -- The columns that the foreign key empties, where it names some. The others name the row.
      emptied := (
        select to_jsonb(coalesce(confdelsetcols, conkey)) from pg_constraint where conrelid = relation and conname = taken.reference);
      select string_agg(format('%I = ($1 ->> %L)::%s', attname, attname, format_type(atttypid, -1)), ', ' order by attnum)
          filter (where is_empty),
        string_agg(case when is_empty then format('%I is null', attname)
          else format('%I %s ($1 ->> %L)::%s', attname, case when attnotnull then '=' else 'is not distinct from' end, attname,
            format_type(atttypid, -1)) end, ' and ' order by attnum)
      into names, texts
      from pg_attribute, lateral (select not attnotnull and coalesce(emptied @> to_jsonb(attnum), true) as is_empty) as each
      where attrelid = relation and attnum > 0 and not attisdropped and taken."row" ? attname::text;
      execute format('update %s set %s where %s', relation, names, texts) using taken."row";
    end if;
  end loop;
  perform tenancy.leave_trash();
exception when integrity_constraint_violation then
  get stacked diagnostics state = returned_sqlstate, name = constraint_name;
  select * into violated from pg_constraint where conrelid = relation and conname = name;
  raise exception 'the row cannot be restored' using errcode = 'RH021', detail = case state
    when '23505' then jsonb_build_object('code', 'exists', 'resource', taken.resource, 'constraint', name,
      'id', tenancy.row_with_key(relation, (select oid from pg_class where relname = name and relnamespace = (
        select relnamespace from pg_class where oid = relation)), taken."row"))
    when '23503' then jsonb_build_object('code', 'missing', 'resource', tenancy.resource_name(violated.confrelid), 'constraint', name,
      'id', (
        select string_agg(taken."row" ->> attname::text, ',' order by place) from unnest(violated.conkey) with ordinality as k (number, place)
        join pg_attribute on attrelid = relation and attnum = number
        where taken."row" ->> attname::text <> taken.tenant_id::text))
    else jsonb_build_object('code', 'invalid', 'resource', taken.resource, 'constraint', name, 'id', taken.target_id) end::text;
end $$;
--> statement-breakpoint
do $$ begin
  revoke execute on function tenancy.put_back() from public;
  execute format('grant execute on function tenancy.put_back() to %I', (select name from tenancy.roles where purpose = 'serving'));
end $$;
--> statement-breakpoint

-- tenancy.restore('public.tasks', id) puts a deleted row back, with everything that fell with it, and returns how many rows that was: 0 for a
-- row that is not in the trash of the tenant.
create or replace function tenancy.restore(relation regclass, target text) returns integer
  language plpgsql volatile set search_path = pg_catalog
as $$
declare
  taken constant integer := tenancy.take_from_trash(tenancy.resource_name(relation), target);
begin
  if taken > 0 then
    perform tenancy.put_back();
  end if;
  return taken;
end $$;
--> statement-breakpoint
do $$ begin
  revoke execute on function tenancy.restore(regclass, text) from public;
  execute format('grant execute on function tenancy.restore(regclass, text) to %I', (select name from tenancy.roles where purpose = 'serving'));
end $$;
--> statement-breakpoint

-- tenancy.trash('public.tasks') keeps the rows that are deleted from a table, and the references of its rows that ON DELETE SET NULL empties.
create or replace function tenancy.trash(relation regclass, tenant_column name default 'tenant_id') returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  arguments constant text[] := array[
    tenant_column::text, tenancy.key_columns(relation, tenant_column)::text, tenancy.exact_columns(relation)::text];
  reference record;
begin
  if not exists (
    select from pg_trigger where tgrelid = relation and tgname = 'begin_batch' and tgenabled = 'O' and tgtype = 10
      and tgfoid = 'tenancy.begin_batch()'::regprocedure)
  then
    execute format('drop trigger if exists begin_batch on %s', relation);
    execute format('create trigger begin_batch before delete on %s for each statement execute function tenancy.begin_batch()', relation);
  end if;
  perform tenancy.set_trigger(relation, 'keep_deleted', 'AFTER DELETE', 'tenancy.keep_deleted', arguments);
  for reference in
    select conname, array(
      select attname::text from unnest(conkey) with ordinality as k (number, place)
      join pg_attribute on attrelid = conrelid and attnum = number order by place) as columns
    from pg_constraint where conrelid = relation and contype = 'f' and confdeltype = 'n'
  loop
    perform tenancy.set_trigger(relation, ('keep_' || reference.conname)::name, 'BEFORE UPDATE', 'tenancy.keep_reference',
      arguments || reference.conname::text || reference.columns::text);
  end loop;
  insert into tenancy.recorded_tables as r (relation, trash) values (tenancy.resource_name(relation), true)
  on conflict on constraint recorded_tables_pkey do update set trash = true where not r.trash;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.trash(regclass, name) from public;
--> statement-breakpoint

create or replace function tenancy.stop_trash(relation regclass) returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  present name;
begin
  for present in
    select tgname from pg_trigger where tgrelid = relation and not tgisinternal and tgfoid in (
      'tenancy.begin_batch()'::regprocedure, 'tenancy.keep_deleted()'::regprocedure, 'tenancy.keep_reference()'::regprocedure)
  loop
    execute format('drop trigger %I on %s', present, relation);
  end loop;
  update tenancy.recorded_tables r set trash = false where r.relation = tenancy.resource_name(stop_trash.relation) and r.trash;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.stop_trash(regclass) from public;
--> statement-breakpoint

-- tenancy.stop_recording_except(audit => '{public.users}', trash => '{public.tasks}') stops the audit trail and the trash of every other
-- table. What they hold stays.
create or replace function tenancy.stop_recording_except(audit regclass[], trash regclass[]) returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  relation regclass;
begin
  for relation in
    select tgrelid from pg_trigger
    where tgfoid = 'tenancy.record_change()'::regprocedure and tgparentid = 0 and tgrelid <> all (audit::oid[])
  loop
    perform tenancy.stop_audit(relation);
  end loop;
  for relation in
    select distinct tgrelid from pg_trigger
    where tgfoid in ('tenancy.begin_batch()'::regprocedure, 'tenancy.keep_deleted()'::regprocedure, 'tenancy.keep_reference()'::regprocedure)
      and tgparentid = 0 and tgrelid <> all (trash::oid[])
  loop
    perform tenancy.stop_trash(relation);
  end loop;
  -- A table that was dropped or has another name, too.
  delete from tenancy.recorded_tables r
  where r.relation not in (
    select tenancy.resource_name(kept) from unnest(stop_recording_except.audit || stop_recording_except.trash) as kept);
end $$;
--> statement-breakpoint
revoke execute on function tenancy.stop_recording_except(regclass[], regclass[]) from public;
