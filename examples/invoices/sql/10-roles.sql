-- Written by "rowhouse init", 5a939fa26806705b. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- "rowhouse migrate" sets the names of the roles, from the users of DATABASE_URL and the other URLs, and their passwords.
select
  set_config('rowhouse.app_role', coalesce(nullif(current_setting('rowhouse.app_role', true), ''), 'app_user'), true),
  set_config('rowhouse.admin_role', coalesce(current_setting('rowhouse.admin_role', true), ''), true),
  set_config('rowhouse.backup_role', coalesce(current_setting('rowhouse.backup_role', true), ''), true),
  set_config('rowhouse.directory_role', coalesce(current_setting('rowhouse.directory_role', true), ''), true),
  set_config('rowhouse.worker_role', coalesce(current_setting('rowhouse.worker_role', true), ''), true);
--> statement-breakpoint

-- The serving role (guarantee G11) may log in and nothing else. The file may run again: it changes only what differs, so an owner
-- that may not alter roles can migrate once an administrator has created the role.
do $$
declare
  serving constant name := current_setting('rowhouse.app_role');
begin
  if not exists (select from pg_roles where rolname = serving) then
    -- Below PostgreSQL's default of 100 connections, so that an administrator can still log in. It is set once: an operator's own
    -- limit, also none, stays.
    execute format('create role %I login nosuperuser nobypassrls nocreaterole nocreatedb noreplication noinherit '
      'connection limit 80', serving);
    -- A role's password cannot be a bound parameter.
    if current_setting('rowhouse.app_password', true) <> '' then
      execute format('alter role %I password %L', serving, current_setting('rowhouse.app_password'));
    end if;
  end if;
exception when duplicate_object or unique_violation then
  null; -- roles belong to the whole server: a migration of another database created it first
end $$;
--> statement-breakpoint

-- Limits (guarantee G18) are defaults of the role, so that they hold for a psql session too. A value that an operator set stays.
do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('statement_timeout', '10s', 0), ('lock_timeout', '5s', 0), ('idle_in_transaction_session_timeout', '15s', 0),
      ('transaction_timeout', '30s', 170000)
    ) as limits (name, value, since)
    where current_setting('server_version_num')::int >= since
      and not exists (
        select from pg_db_role_setting s join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) as setting
        where r.rolname = current_setting('rowhouse.app_role') and split_part(setting, '=', 1) = limits.name)
  loop
    execute format('alter role %I set %I = %L', current_setting('rowhouse.app_role'), wanted.name, wanted.value);
  end loop;
end $$;
--> statement-breakpoint

-- A privilege of PUBLIC is one of the serving role too. Temporary tables and tables of its own would have no policies.
do $$
declare
  serving constant name := current_setting('rowhouse.app_role');
begin
  if has_database_privilege(serving, current_database(), 'TEMPORARY') then
    execute format('revoke temporary on database %I from public', current_database());
  end if;
  if has_schema_privilege(serving, 'public', 'CREATE') then
    revoke create on schema public from public;
  end if;
end $$;
--> statement-breakpoint

-- All tenants share the large objects (guarantee G15). Only a superuser can revoke their functions; the doctor reports what is left.
do $$
declare
  large_object_function regprocedure;
begin
  if (select rolsuper from pg_roles where rolname = current_user) then
    for large_object_function in
      select oid::regprocedure from pg_proc
      where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^(lo_.*|loread|lowrite)$'
        and has_function_privilege(current_setting('rowhouse.app_role'), oid, 'EXECUTE')
    loop
      execute format('revoke execute on function %s from public', large_object_function);
    end loop;
  end if;
end $$;
--> statement-breakpoint

-- The role for administrative work across tenants bypasses row-level security and has no other attribute. The role that edits the tenant
-- directory and the role of "rowhouse worker" have none at all. A migration creates each only when its URL is set. Without them, only the
-- owner does this work.
do $$
declare
  wanted record;
  todo text[];
  statement text;
begin
  for wanted in
    select current_setting(format('rowhouse.%s_role', purpose)) as name,
      coalesce(current_setting(format('rowhouse.%s_password', purpose), true), '') as password, attribute, connections
    from (values ('admin', 'bypassrls', 10), ('directory', 'nobypassrls', 10), ('worker', 'nobypassrls', 5))
      as roles (purpose, attribute, connections)
  loop
    continue when wanted.password = '';
    todo := '{}';
    if not exists (select from pg_roles where rolname = wanted.name) then
      todo := array[format('create role %I login %s nosuperuser nocreaterole nocreatedb noreplication noinherit '
        'connection limit %s password ', wanted.name, wanted.attribute, wanted.connections)];
    elsif wanted.attribute = 'bypassrls' and exists (select from pg_roles where rolname = wanted.name and not rolbypassrls) then
      todo := array[format('alter role %I bypassrls', wanted.name)];
    end if;
    todo := todo || array(
      select format('alter role %I set %I = %L', wanted.name, limits.name, limits.value) from (values
        ('statement_timeout', '10s', 0), ('lock_timeout', '5s', 0), ('idle_in_transaction_session_timeout', '15s', 0),
        ('transaction_timeout', '30s', 170000)
      ) as limits (name, value, since)
      where current_setting('server_version_num')::int >= since
        and not exists (
          select from pg_db_role_setting s join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) as setting
          where r.rolname = wanted.name and split_part(setting, '=', 1) = limits.name));
    begin
      foreach statement in array todo loop
        execute statement || case when statement ~ 'password $' then quote_literal(wanted.password) else '' end;
      end loop;
    exception
      when duplicate_object or unique_violation then
        null; -- as above
      -- Up to PostgreSQL 15 only a superuser may create a role with BYPASSRLS; from 16 on, a role that has the attribute itself.
      when insufficient_privilege then
        raise exception 'the role that migrates may not run this. Run it as a superuser, then migrate again: %;',
          regexp_replace(array_to_string(todo, '; '), ' password (?=;|$)', ' password ''…''');
    end;
  end loop;
end $$;
--> statement-breakpoint

-- The formats in which values are read and written (guarantee G31). A default of the role wins over that of the database. DateStyle
-- is missing, because every connection of the kit asks for it.
do $$
declare
  wanted record;
begin
  for wanted in
    select r.rolname, formats.name, formats.value from pg_roles r, (values
      ('IntervalStyle', 'postgres'), ('bytea_output', 'hex'), ('extra_float_digits', '1'), ('array_nulls', 'on')
    ) as formats (name, value)
    where r.rolname in (current_setting('rowhouse.app_role'), current_setting('rowhouse.admin_role'),
      current_setting('rowhouse.directory_role'), current_setting('rowhouse.worker_role')) and not exists (
      select from pg_db_role_setting s, unnest(s.setconfig) as setting
      where s.setrole = r.oid and s.setdatabase = 0 and lower(setting) = lower(formats.name || '=' || formats.value))
  loop
    begin
      execute format('alter role %I set %I = %L', wanted.rolname, wanted.name, wanted.value);
    exception when insufficient_privilege then
      null; -- the start-up check reports a format that differs
    end;
  end loop;
end $$;
--> statement-breakpoint

-- The role of backups: it reads every table and bypasses row-level security, because a dump of a role that policies bind lacks rows. A
-- migration creates it only when DATABASE_BACKUP_URL is set. pg_dump lifts the limits of time itself.
do $$
declare
  backup constant name := current_setting('rowhouse.backup_role');
  present record;
  todo text[];
  statement text;
begin
  if coalesce(current_setting('rowhouse.backup_password', true), '') = '' then
    return;
  end if;
  select rolbypassrls, pg_has_role(oid, 'pg_read_all_data', 'USAGE') as reads into present
  from pg_roles where rolname = backup;
  if not found then
    -- INHERIT: without it, the membership would give nothing.
    todo := array[format('create role %I login bypassrls inherit nosuperuser nocreaterole nocreatedb noreplication '
      'connection limit 5 password ', backup), format('alter role %I set default_transaction_read_only = on', backup)];
  elsif not present.rolbypassrls then
    todo := array[format('alter role %I bypassrls', backup)];
  end if;
  if present.reads is not true then
    todo := todo || format('grant pg_read_all_data to %I', backup);
  end if;
  foreach statement in array coalesce(todo, '{}') loop
    execute statement || case when statement ~ 'password $' then quote_literal(current_setting('rowhouse.backup_password')) else '' end;
  end loop;
exception
  when duplicate_object or unique_violation then
    null; -- as above
  when insufficient_privilege then
    raise exception 'the role that migrates may not run this. Run it as a superuser, then migrate again: %;',
      regexp_replace(array_to_string(todo, '; '), ' password (?=;|$)', ' password ''…''');
end $$;
