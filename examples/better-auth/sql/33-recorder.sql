-- Written by "rowhouse init", 2cf6692e8ac28292. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The recorder owns the tables that the database itself writes, and the functions that write them (guarantee G12). Row-level security is
-- enabled on its tables and not forced, so that these functions, which run as the recorder, write for every tenant. Nobody else writes them.
-- Nobody logs in as the recorder, and nobody is a member of it; from PostgreSQL 16 on, the role that created it keeps ADMIN OPTION.
do $$
declare
  recorder constant name := (select name from tenancy.roles where purpose = 'recorder');
begin
  if not exists (select from pg_roles where rolname = recorder) then
    execute format('create role %I nologin nosuperuser nobypassrls nocreaterole nocreatedb noreplication noinherit', recorder);
  end if;
exception
  when duplicate_object or unique_violation then
    null; -- a migration of another database created it first
  when insufficient_privilege then
    raise exception 'the role that migrates may not run this. Run it as a superuser, then migrate again: '
      'create role % nologin; grant % to %;', quote_ident(recorder), quote_ident(recorder), quote_ident(current_user);
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
    if to_regclass(object) is not null then
      execute format('alter table %s owner to %I', object, recorder);
    elsif object ~ '\(' and to_regprocedure(object) is not null then
      execute format('alter function %s owner to %I', object, recorder);
    end if;
  end loop;
  perform set_config('role', recorder, true);
exception when insufficient_privilege then
  raise exception 'the role that migrates may not become %. Run this as a superuser, then migrate again: grant %I to %I;',
    recorder, recorder, current_user;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.become_recorder(text[]) from public;
--> statement-breakpoint

create or replace function tenancy.leave_recorder() returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  recorder constant name := (select name from tenancy.roles where purpose = 'recorder');
begin
  execute format('revoke create on schema tenancy from %I', recorder);
  if current_setting('rowhouse.recorder_granted', true) = 'true' then
    execute format('revoke %I from %I', recorder, current_user);
    perform set_config('rowhouse.recorder_granted', '', true);
  end if;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.leave_recorder() from public;
