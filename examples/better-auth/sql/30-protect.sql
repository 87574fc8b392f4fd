-- Written by "rowhouse init", 88a8a12c5d5e6b4a. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- tenancy.protect('public.tasks') protects a table (guarantees G11 and G12). GRANT comes last: a table that was forgotten or is half
-- done answers "permission denied", never another tenant's rows. The function changes only what differs: on a table that is protected
-- it takes no lock that blocks a query. The second parameter names a tenant column other than tenant_id.
drop function if exists tenancy.protect(regclass);
--> statement-breakpoint
create or replace function tenancy.protect(relation regclass, tenant_column name default 'tenant_id') returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  canonical constant text := format('(%I = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))', tenant_column);
  serving constant name := (select name from tenancy.roles where purpose = 'serving');
  admin constant name := (select name from tenancy.roles join pg_roles on rolname = name where purpose = 'admin');
  id_type constant regtype := (select prorettype from pg_proc where oid = 'tenancy.current_tenant_id()'::regprocedure);
  found record;
  policy record;
  changeable text;
  home name;
begin
  -- With another collation than "C", two ids that differ could be equal.
  select a.atttypid::regtype as type, a.attcollation in (0, '"C"'::regcollation) as exact, a.attnotnull as required, pg_get_expr(d.adbin, d.adrelid) as preset into found
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = relation and a.attname = tenant_column and a.attnum > 0 and not a.attisdropped;
  if found.type is distinct from id_type or not found.exact or not found.required
    or coalesce(found.preset, 'tenancy.current_tenant_id()') <> 'tenancy.current_tenant_id()'
  then
    raise exception '% needs the column: % % not null default tenancy.current_tenant_id()',
        relation, quote_ident(tenant_column), case id_type when 'text'::regtype then 'text collate "C"' else id_type::text end
      using hint = 'Build the table with tenantColumns() from rowhouse/context. The tenant column must have the type of tenant ids.';
  end if;
  if found.preset is null then
    execute format('alter table %s alter column %I set default tenancy.current_tenant_id()', relation, tenant_column);
  end if;

  if not (select relrowsecurity from pg_class where oid = relation) then
    execute format('alter table %s enable row level security', relation);
  end if;
  if not (select relforcerowsecurity from pg_class where oid = relation) then
    execute format('alter table %s force row level security', relation);
  end if;

  -- Permissive policies are ORed, so a permissive policy added later could open the table. The restrictive one is ANDed to them.
  for policy in select * from (values ('tenant_isolation', true), ('tenant_restrictive', false)) as policies (name, permissive) loop
    if not exists (
      select from pg_policy
      where polrelid = relation and polname = policy.name and polpermissive = policy.permissive and polcmd = '*'
        and polroles = '{0}' and pg_get_expr(polqual, polrelid) = canonical
        and pg_get_expr(polwithcheck, polrelid) = canonical
    ) then
      execute format('drop policy if exists %I on %s', policy.name, relation);
      execute format(
        'create policy %I on %s as %s for all to public using %s with check %s',
        policy.name, relation, case when policy.permissive then 'permissive' else 'restrictive' end, canonical, canonical);
    end if;
  end loop;

  -- A column with that name and another type is not ours.
  if exists (
      select from pg_attribute
      where attrelid = relation and attname = 'updated_at' and atttypid = 'timestamptz'::regtype and not attisdropped)
    and not exists (select from pg_trigger where tgrelid = relation and tgname = 'touch_updated_at')
  then
    execute format(
      'create trigger touch_updated_at before update on %s for each row execute function tenancy.touch_updated_at()',
      relation);
  end if;

  select ', update (' || string_agg(quote_ident(attname), ', ') || ')' into changeable from pg_attribute
  where attrelid = relation and attnum > 0 and not attisdropped
    and attname not in (tenant_column, 'id', 'created_at');
  execute format('revoke all on %s from public, %I', relation, serving);
  select nspname into home from pg_namespace where oid = (select relnamespace from pg_class where oid = relation);
  execute format('grant usage on schema %I to %I', home, serving);
  execute format('grant select, insert, delete%s on %s to %I', changeable, relation, serving);
  -- For administrative work, where this database has a role for it: see 10-roles.sql.
  if admin is not null then
    execute format('revoke all on %s from %I', relation, admin);
    execute format('grant usage on schema %I to %I', home, admin);
    execute format('grant select, insert, update, delete on %s to %I', relation, admin);
  end if;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.protect(regclass, name) from public;
--> statement-breakpoint

-- tenancy.share('public.countries') lets the serving role read a table without tenants, or a view with security_invoker, and do
-- nothing else with it. Rows of a shared table are written by the role of administrative work, where this database has one.
create or replace function tenancy.share(relation regclass) returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  serving constant name := (select name from tenancy.roles where purpose = 'serving');
  admin constant name := (select name from tenancy.roles join pg_roles on rolname = name where purpose = 'admin');
  found record;
begin
  select n.nspname as home, c.relkind in ('r', 'p') as writable into found
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = relation;
  execute format('revoke all on %s from public, %I', relation, serving);
  execute format('grant usage on schema %I to %I', found.home, serving);
  execute format('grant select on %s to %I', relation, serving);
  if admin is not null then
    execute format('revoke all on %s from %I', relation, admin);
    execute format('grant usage on schema %I to %I', found.home, admin);
    execute format('grant select%s on %s to %I',
      case when found.writable then ', insert, update, delete' else '' end, relation, admin);
  end if;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.share(regclass) from public;
--> statement-breakpoint

-- tenancy.withhold('auth.sessions') takes every privilege on a relation from the serving role and from PUBLIC.
create or replace function tenancy.withhold(relation regclass) returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  serving constant name := (select name from tenancy.roles where purpose = 'serving');
begin
  execute format('revoke all on %s from public, %I', relation, serving);
end $$;
--> statement-breakpoint
revoke execute on function tenancy.withhold(regclass) from public;
--> statement-breakpoint

-- tenancy.for_all_tenants('update public.tasks set …', 'public.tasks') runs one statement on the rows of all tenants, as the owner of
-- the tables. FORCE binds the owner too; the function lifts it from these tables and restores it, under a lock that no other session
-- passes before the end of the transaction. A statement that reads a protected table which is not listed fails. Its names need
-- their schemas.
create or replace function tenancy.for_all_tenants(statement text, variadic relations regclass[]) returns bigint
  language plpgsql set search_path = pg_catalog set row_security = off
as $$
declare
  forced constant regclass[] := array(
    select oid::regclass from pg_class where oid = any (relations::oid[]) and relforcerowsecurity);
  relation regclass;
  changed bigint;
begin
  set constraints all immediate; -- ALTER TABLE refuses a table with pending checks
  foreach relation in array forced loop
    execute format('alter table %s no force row level security', relation);
  end loop;
  execute statement;
  get diagnostics changed = row_count;
  set constraints all immediate;
  foreach relation in array forced loop
    execute format('alter table %s force row level security', relation);
  end loop;
  return changed;
end $$;
--> statement-breakpoint
revoke execute on function tenancy.for_all_tenants(text, regclass[]) from public;
