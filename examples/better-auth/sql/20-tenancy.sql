-- Written by "rowhouse init", 7913881a928098de. Do not edit: "rowhouse init" updates the file only while this checksum matches.
create schema if not exists tenancy;
--> statement-breakpoint

-- The names of this database's roles, which the other files read: several databases of one server may have roles of their own.
create table if not exists tenancy.roles (
  purpose text primary key check (purpose in ('serving', 'admin', 'backup', 'directory', 'worker', 'recorder')),
  name name not null
);
--> statement-breakpoint
do $$ begin
  -- A release without these roles knew fewer purposes.
  if not exists (select from pg_constraint where conrelid = 'tenancy.roles'::regclass and pg_get_constraintdef(oid) ~ 'worker') then
    alter table tenancy.roles drop constraint if exists roles_purpose_check;
    alter table tenancy.roles add constraint roles_purpose_check
      check (purpose in ('serving', 'admin', 'backup', 'directory', 'worker', 'recorder'));
  end if;
end $$;
--> statement-breakpoint
insert into tenancy.roles
select purpose, name from (values
  ('serving', current_setting('rowhouse.app_role')), ('admin', current_setting('rowhouse.admin_role')),
  ('backup', current_setting('rowhouse.backup_role')), ('directory', current_setting('rowhouse.directory_role')),
  ('worker', current_setting('rowhouse.worker_role'))) as given (purpose, name)
where name <> ''
on conflict do nothing;
--> statement-breakpoint
do $$
declare
  serving constant name := (select name from tenancy.roles where purpose = 'serving');
  worker constant name := (select name from tenancy.roles join pg_roles on rolname = name where purpose = 'worker');
begin
  execute format('revoke all on tenancy.roles from public, %I', serving);
  execute format('grant usage on schema tenancy to %I', serving);
  if worker is not null then
    -- The other files grant it the functions of its tasks, and nothing else.
    execute format('grant usage on schema tenancy to %I', worker);
  end if;
end $$;
--> statement-breakpoint

-- Who may connect (guarantee G11). By default PostgreSQL lets every role of the server connect to every database, and with it the
-- logins of other projects. A login keeps its access when it owns or was granted something here, directly or by a group, when it
-- monitors the server, and when it runs this migration. Only the owner of the database can change the privilege; the doctor reports
-- what is left.
do $$
declare
  database constant pg_database := (select d from pg_database d where datname = current_database());
  login name;
begin
  if not pg_has_role(current_user, database.datdba, 'USAGE') then
    return;
  end if;
  if exists (
    select from aclexplode(coalesce(database.datacl, acldefault('d', database.datdba))) as acl
    where acl.grantee = 0 and acl.privilege_type = 'CONNECT')
  then
    for login in
      select rolname from pg_roles r
      where rolcanlogin and not rolsuper and (
        rolname = session_user or pg_has_role(r.oid, 'pg_monitor', 'MEMBER') or exists (
          select from pg_shdepend d
          where d.dbid = database.oid and d.refclassid = 'pg_authid'::regclass and pg_has_role(r.oid, d.refobjid, 'MEMBER')))
    loop
      execute format('grant connect on database %I to %I', current_database(), login);
    end loop;
    execute format('revoke connect on database %I from public', current_database());
  end if;
  for login in
    select rolname from pg_roles join tenancy.roles on rolname = name
    where rolcanlogin and not has_database_privilege(rolname, current_database(), 'CONNECT')
  loop
    execute format('grant connect on database %I to %I', current_database(), login);
  end loop;
end $$;
--> statement-breakpoint

-- The tenant of this transaction, or null (guarantee G14). STABLE, never IMMUTABLE: a prepared plan would keep the first tenant.
-- After a transaction the setting is '' and not null on that connection, hence nullif: an empty text is never a tenant. PostgreSQL
-- resolves the names of the body when the function is created, so a search_path cannot change what it calls.
-- Its type is the type of this database's tenant ids. The first migration chooses it, and PostgreSQL refuses another one later.
do $do$
declare
  id_type constant text := coalesce(
    (select format_type(prorettype, null) from pg_proc where oid = to_regprocedure('tenancy.current_tenant_id()')),
    nullif(current_setting('rowhouse.tenant_id', true), ''), 'uuid');
begin
  if id_type not in ('uuid', 'text', 'bigint') then
    raise exception 'tenant ids must be uuid, text or bigint, not %', id_type;
  end if;
  execute format($$
    create or replace function tenancy.current_tenant_id() returns %1$s
      language sql stable parallel safe
      return nullif(current_setting('app.current_tenant', true), '')::%1$s$$, id_type);
end $do$;
--> statement-breakpoint

-- Who acts in this transaction, or null, for triggers and defaults. With the signed tenant context injected SQL cannot change it, as it
-- can change app.actor.
create or replace function tenancy.current_actor() returns text
  language sql stable parallel safe
  return nullif(current_setting('app.actor', true), '');
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
