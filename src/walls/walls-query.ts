/**
 * One catalogue query that finds every hole a catalogue shows: `level, promise, object, problem, remedy`. Parameters:
 * `$1` the serving role, `$2` the tenant column, `$3` the relations and functions that tenants may share, as `text[]`.
 * It wants `search_path = pg_catalog`, so that policies print their names in full. Promises are those of SECURITY.md.
 */
export const wallsQuery = `
with role as (
  select * from pg_roles where rolname = $1
), relations as (
  select c.oid, c.relkind, c.relowner, c.reloptions, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
    format('%I.%I', n.nspname, c.relname) as name, a.attnum as tenant, a.atttypid, a.attnotnull,
    has_table_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
      or has_any_column_privilege($1, c.oid, 'SELECT, INSERT, UPDATE') as reachable,
    format('%I.%I', n.nspname, c.relname) = any ($3::text[]) as shared
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_attribute a on a.attrelid = c.oid and a.attname = $2 and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
), tables as (
  select * from relations where relkind in ('r', 'p') and tenant is not null
), policies as (
  select t.name, p.polname, p.polpermissive,
    p.polcmd = '*' and p.polroles = '{0}'
      and pg_get_expr(p.polqual, p.polrelid) = canonical.text
      and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), canonical.text) = canonical.text as canonical
  from tables t
  join pg_policy p on p.polrelid = t.oid,
  lateral (select format('(%I = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))', $2) as text) as canonical
), tenant_function as (
  -- Not by to_regprocedure(): it fails for a role that may not use the schema.
  select p.* from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = 'tenancy' and p.proname = 'current_tenant_id' and p.pronargs = 0
), findings (level, promise, object, problem, remedy) as (
  select 'error', 11, $1, 'the serving role ' || attribute,
    'Point DATABASE_URL at a role that row security binds: app_user, which "bun run migrate" prepares.'
  from role, lateral (values
    (rolsuper, 'is a superuser'), (rolbypassrls, 'has BYPASSRLS'), (rolcreaterole, 'has CREATEROLE'),
    (rolcreatedb, 'has CREATEDB'), (rolreplication, 'has REPLICATION')) as has (it, attribute)
  where it
  union all
  select 'error', 11, $1, 'the serving role is a member of ' || m.roleid::regrole,
    format('revoke %s from %I;', m.roleid::regrole, $1)
  from role join pg_auth_members m on m.member = role.oid
  union all
  select 'error', 11, $1, 'the serving role owns ' || pg_describe_object(d.classid, d.objid, d.objsubid),
    'Let the role that migrates own it (alter … owner to …), or point DATABASE_URL at app_user.'
  from role join pg_shdepend d on d.refobjid = role.oid and d.refclassid = 'pg_authid'::regclass and d.deptype = 'o'
    and d.dbid = (select oid from pg_database where datname = current_database())
  where not role.rolsuper
  union all
  select 'error', 11, 'database', 'the serving role has ' || privilege,
    format('revoke %s on database %I from public, %I;', privilege, current_database(), $1)
  from role, unnest(array['TEMPORARY', 'CREATE']) as privilege
  where has_database_privilege($1, current_database(), privilege) and not rolsuper
  union all
  select 'error', 11, nspname, 'the serving role may create objects in this schema',
    format('revoke create on schema %I from public, %I;', nspname, $1)
  from role, pg_namespace
  where nspname !~ '^pg_' and has_schema_privilege($1, pg_namespace.oid, 'CREATE') and not rolsuper
  union all
  select 'error', 11, r.name, 'the serving role has ' || acl.privilege_type,
    format('revoke %s on %s from public, %I;', acl.privilege_type, r.name, $1)
  from role, relations r, aclexplode(r.relacl) as acl
  where acl.grantee in (0, role.oid) and acl.privilege_type in ('TRUNCATE', 'TRIGGER', 'MAINTAIN')
    and r.relowner <> role.oid and not rolsuper
  union all
  select 'error', 11, r.name, 'the serving role may pass on ' || acl.privilege_type,
    format('revoke grant option for %s on %s from %I;', acl.privilege_type, r.name, $1)
  from role, relations r, aclexplode(r.relacl) as acl
  where acl.grantee = role.oid and acl.is_grantable and r.relowner <> role.oid and not rolsuper
  union all
  select 'error', 11, name, 'the serving role has REFERENCES',
    format('revoke references on %s from public, %I;', name, $1)
  from role, relations r
  where has_any_column_privilege($1, r.oid, 'REFERENCES') and r.relowner <> role.oid and not rolsuper
  union all
  select 'error', 11, t.name, 'the serving role may update ' || a.attname, format('select tenancy.protect(%L);', t.name)
  from role, tables t
  join pg_attribute a on a.attrelid = t.oid and a.attname in ($2, 'id', 'created_at')
  where has_column_privilege($1, t.oid, a.attnum, 'UPDATE') and t.relowner <> role.oid and not rolsuper
  union all
  select 'error', 12, name, 'its tenant column is not uuid NOT NULL',
    format('alter table %s alter column %I type uuid, alter column %I set not null;', name, $2, $2)
  from tables where atttypid <> 'uuid'::regtype or not attnotnull
  union all
  select 'error', 12, name, 'row security is not enabled', format('select tenancy.protect(%L);', name)
  from tables where not relrowsecurity
  union all
  select 'error', 12, name, 'row security is not forced on its owner', format('select tenancy.protect(%L);', name)
  from tables where not relforcerowsecurity
  union all
  select 'error', 12, t.name, 'it has no tenant policy', format('select tenancy.protect(%L);', t.name)
  from tables t where not exists (select from policies p where p.name = t.name and p.polpermissive and p.canonical)
  union all
  select 'error', 12, t.name, 'it has no restrictive fence', format('select tenancy.protect(%L);', t.name)
  from tables t where not exists (select from policies p where p.name = t.name and not p.polpermissive and p.canonical)
  union all
  select 'error', 12, name, format('its policy %I does not read as a tenant policy must', polname),
    format('drop policy %I on %s; select tenancy.protect(%L);', polname, name, name)
  from policies where not canonical and polpermissive
  union all
  select 'error', 12, name, 'it has more than one permissive policy, and they are ORed',
    'Keep tenant_isolation and drop the others.'
  from policies where polpermissive group by name having count(*) > 1
  union all
  select 'error', 12, name, 'the serving role can reach it, and it has no tenant column',
    format('revoke all on %s from public, %I; or name it in db/schema/shared.ts.', name, $1)
  from role, relations where relkind in ('r', 'p') and tenant is null and reachable and not shared and not rolsuper
  union all
  select 'error', 12, format('%I.%I', n.nspname, c.relname), 'the serving role can read a sequence that all tenants move',
    format('revoke all on sequence %I.%I from public, %I; or name it in db/schema/shared.ts.', n.nspname, c.relname, $1)
  from role, pg_class c join pg_namespace n on n.oid = c.relnamespace
  -- In a CASE, since a planner that asked of another relation first would make it an error.
  where case when c.relkind = 'S' then has_sequence_privilege($1, c.oid, 'USAGE, SELECT, UPDATE') else false end
    and not format('%I.%I', n.nspname, c.relname) = any ($3::text[]) and not rolsuper
  union all
  select 'warning', 12, t.name, 'its tenant column is not written by the database',
    format('alter table %s alter column %I set default tenancy.current_tenant_id();', t.name, $2)
  from tables t left join pg_attrdef d on d.adrelid = t.oid and d.adnum = t.tenant
  where pg_get_expr(d.adbin, d.adrelid) is distinct from 'tenancy.current_tenant_id()'
  union all
  select case when i.indisunique or i.indisexclusion then 'error' else 'warning' end, 13, t.name,
    format('%s does not begin with %I', i.indexrelid::regclass, $2),
    case when i.indisunique or i.indisexclusion
      then 'A key without the tenant sees rows that policies hide: begin it with the tenant column.'
      else 'Under row security an index serves a query when it begins with the tenant column.' end
  from tables t join pg_index i on i.indrelid = t.oid
  where i.indkey[0] <> t.tenant
  union all
  select 'error', 13, con.conrelid::regclass::text, format('foreign key %I leaves the tenant out', con.conname),
    'Foreign keys are checked without row security: pair the tenant columns of both tables in the key.'
  from pg_constraint con
  join tables parent on parent.oid = con.confrelid
  left join tables child on child.oid = con.conrelid
  where con.contype = 'f' and not exists (
    select from unnest(con.conkey, con.confkey) as pair (child_column, parent_column)
    where pair.child_column = child.tenant and pair.parent_column = parent.tenant)
  union all
  select 'error', 13, t.name, format('foreign key %I could null or reset the tenant', con.conname),
    'Use ON DELETE NO ACTION or CASCADE, or name the other columns: SET NULL (column).'
  from tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f' and t.tenant = any (con.conkey)
  where con.confdeltype in ('n', 'd')
    and coalesce(nullif(to_jsonb(con) -> 'confdelsetcols', 'null') @> to_jsonb(t.tenant), true)
  union all
  select 'error', 14, 'tenancy.current_tenant_id()', 'the function that names the tenant is missing', 'bun run migrate'
  where not exists (select from tenant_function)
  union all
  select 'error', 14, 'tenancy.current_tenant_id()', problem, 'bun run migrate'
  from tenant_function p, lateral (values
    (p.provolatile <> 's', 'it must be STABLE: a plan would keep the first tenant'),
    (p.prosecdef, 'it must not be SECURITY DEFINER'),
    (pg_get_functiondef(p.oid) !~* 'nullif', 'it does not handle the empty setting that a transaction leaves behind'),
    (pg_get_function_sqlbody(p.oid) is distinct from
      'RETURN (NULLIF(current_setting(''app.current_tenant''::text, true), ''''::text))::uuid',
      'it does not read as the tenant function must')
  ) as flaw (found, problem)
  where flaw.found
  union all
  select 'error', 15, name, 'the view runs with its owner''s rights',
    format('alter view %s set (security_invoker = true);', name)
  from role, relations where relkind = 'v' and reachable and not shared and not rolsuper
    and not exists (select from pg_options_to_table(reloptions) where option_name = 'security_invoker'
    and option_value::boolean)
  union all
  select 'error', 15, name, case relkind when 'm' then 'a materialized view has no row security'
    else 'a foreign table has no row security' end,
    format('revoke all on %s from public, %I; or name it in db/schema/shared.ts.', name, $1)
  from role, relations where relkind in ('m', 'f') and reachable and not shared and not rolsuper
  union all
  select 'error', 15, t.name, format('its rule %I runs with its owner''s rights', r.rulename),
    format('drop rule %I on %s;', r.rulename, t.name)
  from tables t join pg_rewrite r on r.ev_class = t.oid
  union all
  select 'error', 15, p.oid::regprocedure::text, 'a SECURITY DEFINER function runs with its owner''s rights',
    format('revoke execute on function %s from public, %I; or name it in db/schema/shared.ts.', p.oid::regprocedure, $1)
  from role, pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.prosecdef and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not rolsuper
    and has_function_privilege($1, p.oid, 'EXECUTE') and not format('%I.%I', n.nspname, p.proname) = any ($3::text[])
  union all
  select 'warning', 15, 'large objects', 'they are one room for all tenants',
    'As a superuser: "bun run migrate", or revoke execute on function lo_create(oid), … from public;'
  from role where has_function_privilege($1, 'pg_catalog.lo_create(oid)', 'EXECUTE') and not rolsuper
  union all
  select 'error', 16, coalesce(nullif(s.setrole, 0)::regrole::text, 'database'), 'it presets ' || setting,
    'alter role … reset …; or alter database … reset …;'
  from role, pg_db_role_setting s, unnest(s.setconfig) as setting
  where split_part(setting, '=', 1) in ('app.current_tenant', 'row_security', 'role')
    and s.setrole in (0, role.oid)
    and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
  union all
  select 'error', 16, 'session', 'a tenant is set before any was asked for',
    'Look for app.current_tenant in the connection string and in the server''s configuration.'
  where current_setting('app.current_tenant', true) <> ''
  union all
  select 'warning', 17, t.name, format('%s has an operator that row security keeps from using it', i.indexrelid::regclass),
    'An operator that is not leakproof (of an enum, jsonb, arrays, full text) waits for the policy: index another type.'
  from tables t join pg_index i on i.indrelid = t.oid
  where exists (
    select from unnest(i.indclass) as class (oid)
    join pg_opclass c on c.oid = class.oid
    join pg_amop a on a.amopfamily = c.opcfamily and a.amoplefttype = c.opcintype and a.amoprighttype = c.opcintype
    join pg_operator o on o.oid = a.amopopr
    join pg_proc p on p.oid = o.oprcode
    where not p.proleakproof)
  union all
  select 'warning', 18, $1, 'the serving role has no default for ' || wanted,
    format('alter role %I set %I = …;', $1, wanted)
  from role, unnest(array['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) as wanted
  where not rolsuper and not exists (
    select from pg_db_role_setting s, unnest(s.setconfig) as setting
    where s.setrole = role.oid and split_part(setting, '=', 1) = wanted and split_part(setting, '=', 2) !~ '^0')
  union all
  select 'warning', 18, $1, 'the serving role has no connection limit', format('alter role %I connection limit 80;', $1)
  from role where rolconnlimit = -1 and not rolsuper
  union all
  select 'warning', 19, 'server',
    'PostgreSQL ' || current_setting('server_version') || ' has known holes in row security',
    'Update to the newest minor release.'
  from (select current_setting('server_version_num')::int) as server (version)
  where version < case version / 10000
    when 18 then 180007 when 17 then 170012 when 16 then 160016 when 15 then 150020 when 14 then 140025 else 0 end
  union all
  select 'error', 20, name, 'row security is not active for the serving role',
    format('select tenancy.protect(%L);', name)
  from role, tables where current_user = $1 and not rolsuper and relrowsecurity and not row_security_active(tables.oid)
  union all
  select 'error', 20, $1, 'the serving role may not read any table of tenants',
    'Point DATABASE_URL at app_user, which "bun run migrate" prepares.'
  where exists (select from tables) and not exists (select from tables where reachable)
  union all
  select 'error', 20, 'database', 'it has no table of tenants', 'bun run migrate' where not exists (select from tables)
)
select level, promise, object, problem, remedy from findings order by level, promise, object, problem`

/** Names, quoted, of the tables of tenants that a role may read. Parameters: `$1` the role, `$2` the tenant column. */
export const readableTablesQuery = `
select format('%I.%I', n.nspname, c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = $2 and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and has_table_privilege($1, c.oid, 'SELECT') and has_schema_privilege($1, n.oid, 'USAGE')`
