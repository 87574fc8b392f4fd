-- tenancy.protect('public.tasks') puts a table behind the wall (promises 11 and 12); GRANT comes last, so a table that was
-- forgotten or half done answers "permission denied" and never another tenant's rows. It changes only what differs: on a
-- table that is whole it takes no lock that a query would notice.
create or replace function tenancy.protect(relation regclass) returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  canonical constant text := '(tenant_id = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))';
  wall record;
  changeable text;
begin
  if not exists (
    select from pg_attribute a
    join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = relation and a.attname = 'tenant_id' and a.atttypid = 'uuid'::regtype and a.attnotnull
      and pg_get_expr(d.adbin, d.adrelid) = 'tenancy.current_tenant_id()'
  ) then
    raise exception '% needs the column: tenant_id uuid not null default tenancy.current_tenant_id()', relation
      using hint = 'Build the table with tenantColumns() from rowhouse/tenancy.';
  end if;

  if not (select relrowsecurity from pg_class where oid = relation) then
    execute format('alter table %s enable row level security', relation);
  end if;
  if not (select relforcerowsecurity from pg_class where oid = relation) then
    execute format('alter table %s force row level security', relation);
  end if;

  -- Permissive policies are ORed, so a sloppy one added later would open the wall; the restrictive fence is ANDed to them.
  for wall in select * from (values ('tenant_isolation', true), ('tenant_fence', false)) as walls (name, permissive) loop
    if not exists (
      select from pg_policy
      where polrelid = relation and polname = wall.name and polpermissive = wall.permissive and polcmd = '*'
        and polroles = '{0}' and pg_get_expr(polqual, polrelid) = canonical
        and pg_get_expr(polwithcheck, polrelid) = canonical
    ) then
      execute format('drop policy if exists %I on %s', wall.name, relation);
      execute format(
        'create policy %I on %s as %s for all to public using %s with check %s',
        wall.name, relation, case when wall.permissive then 'permissive' else 'restrictive' end, canonical, canonical);
    end if;
  end loop;

  if exists (select from pg_attribute where attrelid = relation and attname = 'updated_at' and not attisdropped)
    and not exists (select from pg_trigger where tgrelid = relation and tgname = 'touch_updated_at')
  then
    execute format(
      'create trigger touch_updated_at before update on %s for each row execute function tenancy.touch_updated_at()',
      relation);
  end if;

  select ', update (' || string_agg(quote_ident(attname), ', ') || ')' into changeable from pg_attribute
  where attrelid = relation and attnum > 0 and not attisdropped and attname not in ('tenant_id', 'id', 'created_at');
  execute format('revoke all on %s from public, app_user', relation);
  execute format(
    'grant usage on schema %I to app_user',
    (select nspname from pg_namespace where oid = (select relnamespace from pg_class where oid = relation)));
  execute format('grant select, insert, delete%s on %s to app_user', changeable, relation);
end $$;
--> statement-breakpoint
revoke execute on function tenancy.protect(regclass) from public;
