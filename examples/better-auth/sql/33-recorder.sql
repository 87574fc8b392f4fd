-- Written by "rowhouse init", 0d7c9ba92b8e8be0. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The recorder owns the tables that the database itself writes, and the functions that write them (guarantee G12). Row-level security is
-- enabled on its tables and not forced, so that these functions, which run as the recorder, write for every tenant. Nobody else writes them.
-- Nobody logs in as the recorder, and nobody is a member of it; from PostgreSQL 16 on, the role that created it keeps ADMIN OPTION.
-- Each database has one of its own: who may become the recorder of another project would reach what it owns here. So it is a role that
-- this migration creates, or that was prepared for it: its creation fails where another migration is creating it.
do $$
declare
  recorder name := (select name from tenancy.roles where purpose = 'recorder');
  is_named constant boolean := recorder is not null;
  own constant text := 'tenancy_recorder_' || case
    when octet_length(current_database()) > 46 then md5(current_database()) else current_database() end;
  candidate name;
  present pg_roles;
begin
  foreach candidate in array case when is_named then array[recorder] else array['tenancy_recorder', own] end loop
    select * into present from pg_roles where rolname = candidate;
    if present.rolname is null then
      begin
        execute format('create role %I nologin nosuperuser nobypassrls nocreaterole nocreatedb noreplication noinherit', candidate);
        recorder := candidate;
      exception when duplicate_object or unique_violation or insufficient_privilege then
        continue;
      end;
    elsif is_named then
      return;
    elsif exists (
      select from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.refobjid = present.oid
        and d.dbid not in (0, (select oid from pg_database where datname = current_database())))
    then
      if candidate = own then
        raise exception '% is the recorder of another database: give this database another name, then migrate again', candidate;
      end if;
      continue;
    elsif candidate = own and (select rolsuper or rolcreaterole from pg_roles where rolname = current_user)
      or exists (select from pg_auth_members m join pg_roles r on r.oid = m.member where m.roleid = present.oid and r.rolname = current_user)
    then
      recorder := candidate;
    end if;
    exit when recorder is not null;
  end loop;
  if recorder is null or not exists (select from pg_roles where rolname = recorder) then
    raise exception 'the role that migrates may not run this. Run it as a superuser, then migrate again: '
      'create role % nologin; grant % to %;', quote_ident(coalesce(recorder, own)), quote_ident(coalesce(recorder, own)), quote_ident(current_user);
  end if;
  insert into tenancy.roles values ('recorder', recorder) on conflict do nothing;
end $$;
--> statement-breakpoint

-- A file of this folder creates them between two calls: `select tenancy.become_recorder(…);` and `reset role;` with
-- `select tenancy.leave_recorder();`. The parameters name tables and functions that a restore gave to its own login.
create or replace function tenancy.become_recorder(variadic objects text[]) returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  recorder constant name := (select name from tenancy.roles where purpose = 'recorder');
  object text;
begin
  -- From PostgreSQL 16 on, a member needs the option SET.
  if not pg_has_role(recorder, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) then
    execute format('grant %I to %I', recorder, current_user);
    perform set_config('rowhouse.recorder_granted', 'true', true);
  end if;
  execute format('grant usage, create on schema tenancy to %I', recorder);
  foreach object in array objects loop
    if object ~ '\(' then
      if to_regprocedure(object) is not null then
        execute format('alter function %s owner to %I', object, recorder);
      end if;
    elsif to_regclass(object) is not null then
      execute format('alter table %s owner to %I', object, recorder);
    end if;
  end loop;
  perform set_config('role', recorder, true);
exception when insufficient_privilege then
  raise exception 'the role that migrates may not become %. Run this as a superuser, then migrate again: grant % to %;',
    recorder, quote_ident(recorder), quote_ident(current_user);
end $$;
--> statement-breakpoint
revoke execute on function tenancy.become_recorder(text[]) from public;
--> statement-breakpoint

-- The recorder may still create in the schema: tenancy.make_audit_partitions() does, long after a migration.
create or replace function tenancy.leave_recorder() returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  recorder constant name := (select name from tenancy.roles where purpose = 'recorder');
begin
  if current_setting('rowhouse.recorder_granted', true) = 'true' then
    execute format('revoke %I from %I', recorder, current_user);
    perform set_config('rowhouse.recorder_granted', '', true);
  end if;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.leave_recorder() from public;
