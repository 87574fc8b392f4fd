import type { CatalogueCheck } from '../finding.ts'
import { aclOf, functionAcl, granteeIsServing, granteeName, parameters, revoke } from '../tables-query.ts'

const { role, tenantColumn } = parameters

/** Revokes UPDATE on a table `t` and grants the allowed columns again. */
const narrowUpdate = `concat(${revoke("format('revoke update on %s', t.name)", aclOf('t'))}, (
          select format(' grant update (%s) on %s to %I;', string_agg(quote_ident(attname), ', ' order by attnum), t.name, rolname)
          from pg_attribute
          where attrelid = t.oid and attnum > 0 and not attisdropped and has_column_privilege(${role}, t.oid, attnum, 'UPDATE')
            and attname not in (${tenantColumn}, 'id', 'created_at')
          having count(*) > 0))`

/**
 * The logins that use the database `here`, as sql/20-tenancy.sql names them: they own or were granted something in it, directly or by
 * a group, or monitor the server.
 */
const logins = `
        select string_agg(quote_ident(rolname), ', ' order by rolname) from pg_roles r
        where rolcanlogin and not rolsuper and (
          rolname in (${role}, session_user) or pg_has_role(r.oid, 'pg_monitor', 'MEMBER') or exists (
            select from here, pg_shdepend d
            where d.dbid = here.oid and d.refclassid = 'pg_authid'::regclass and pg_has_role(r.oid, d.refobjid, 'MEMBER')))`

/** Guarantee G11: no privilege that row-level security does not filter. */
export const privilegeChecks: CatalogueCheck[] = [
  {
    check: 'database-privileges',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    should: 'The serving role may create neither temporary tables nor schemas.',
    find: `
      select 'database', 'the serving role has ' || privilege,
        ${revoke("format('revoke %s on database %I', lower(privilege), datname)", "coalesce(datacl, acldefault('d', datdba))")}
      from bound, pg_database join here using (oid), unnest(array['TEMPORARY', 'CREATE']) as privilege
      where has_database_privilege(${role}, current_database(), privilege)`,
  },
  {
    check: 'public-connect',
    guarantee: 11,
    level: 'warning',
    should: 'Only named roles may connect to the database, not PUBLIC.',
    find: `
      select 'database', 'PUBLIC may connect: every role of the server, such as the login of another project',
        format('grant connect on database %I to %s; revoke connect on database %I from public;', datname, logins, datname)
      from pg_database join here using (oid), lateral (${logins}) as known (logins)
      where exists (
        select from bound, aclexplode(coalesce(datacl, acldefault('d', datdba))) as acl
        where acl.grantee = 0 and acl.privilege_type = 'CONNECT')`,
  },
  {
    check: 'schema-create',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    should: 'The serving role may not create objects in any schema.',
    find: `
      select nspname::text, 'the serving role may create objects in this schema',
        ${revoke("format('revoke create on schema %I', nspname)", 'nspacl')}
      from bound, schemas where has_schema_privilege(${role}, schemas.oid, 'CREATE')`,
  },
  {
    check: 'table-privileges',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    elsewhereOnly: / (?:TRIGGER|MAINTAIN)$/,
    should: 'The serving role has no TRUNCATE, TRIGGER or MAINTAIN: row-level security does not filter them.',
    find: `
      select r.name, 'the serving role has ' || acl.privilege_type,
        format('revoke %s on %s from %s;', lower(acl.privilege_type), r.name, ${granteeName('acl.grantee')})
      from bound, relations r, aclexplode(r.relacl) as acl
      where ${granteeIsServing('acl.grantee')} and acl.privilege_type in ('TRUNCATE', 'TRIGGER', 'MAINTAIN')
        and r.relowner <> bound.oid and not (r.extension and r.tenant is null)`,
  },
  {
    check: 'references-privilege',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    should: 'The serving role has no REFERENCES: a foreign key sees rows that policies hide.',
    find: `
      select r.name, 'the serving role has REFERENCES', ${revoke("format('revoke references on %s', r.name)", aclOf('r'))}
      from bound, relations r
      where has_any_column_privilege(${role}, r.oid, 'REFERENCES') and r.relowner <> bound.oid
        and not (r.extension and r.tenant is null)`,
  },
  {
    check: 'grant-option',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    should: 'The serving role cannot grant its privileges to others.',
    find: `
      select r.name, format('the serving role may grant %s to others', acl.privilege_type),
        format('revoke grant option for %s on %s from %I cascade;', lower(acl.privilege_type), r.name, rolname)
      from bound, relations r,
      lateral (
        select acl.* from aclexplode(r.relacl) as acl
        union select acl.* from pg_attribute a, aclexplode(a.attacl) as acl where a.attrelid = r.oid) as acl
      where acl.grantee = bound.oid and acl.is_grantable and r.relowner <> bound.oid`,
  },
  {
    check: 'public-privileges',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    should: 'PUBLIC, and with it every future role, has no privilege on a tenant table.',
    find: `
      select t.name, 'PUBLIC has ' || acl.privilege_type,
        format('revoke %s on %s from public;', lower(acl.privilege_type), t.name)
      from bound, tables t,
      lateral (
        select acl.* from aclexplode(t.relacl) as acl
        union select acl.* from pg_attribute a, aclexplode(a.attacl) as acl where a.attrelid = t.oid) as acl
      where acl.grantee = 0 and acl.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')`,
  },
  {
    check: 'tenant-update',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    should: 'The serving role may not update the tenant column.',
    find: `
      select t.name, 'the serving role may update ' || ${tenantColumn},
        ${narrowUpdate}
      from bound, tables t
      where has_column_privilege(${role}, t.oid, t.tenant, 'UPDATE') and t.relowner <> bound.oid`,
  },
  {
    check: 'identity-update',
    guarantee: 11,
    level: 'warning',
    elsewhere: 'none',
    should: 'The serving role may not update id or created_at.',
    find: `
      select t.name, 'the serving role may update ' || a.attname,
        ${narrowUpdate}
      from bound, tables t join pg_attribute a on a.attrelid = t.oid and a.attname in ('id', 'created_at')
      where has_column_privilege(${role}, t.oid, a.attnum, 'UPDATE') and t.relowner <> bound.oid`,
  },
  {
    check: 'default-privileges',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    should:
      'Default privileges grant the serving role nothing: a new table answers "permission denied" until it is protected.',
    find: `
      select case when n.nspname is null then 'database' else format('schema %I', n.nspname) end,
        format('%s that %s creates are granted to %s: %s', kind, d.defaclrole::regrole,
          ${granteeName('acl.grantee')}, string_agg(acl.privilege_type, ', ' order by acl.privilege_type)),
        format('alter default privileges for role %s%s revoke all on %s from %s;', d.defaclrole::regrole,
          case when n.nspname is not null then format(' in schema %I', n.nspname) else '' end, kind, ${granteeName('acl.grantee')})
      from bound, pg_default_acl d
      left join pg_namespace n on n.oid = d.defaclnamespace,
      lateral (select case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' else 'schemas' end as kind) as kinds,
      aclexplode(d.defaclacl) as acl
      where d.defaclobjtype in ('r', 'S', 'n') and ${granteeIsServing('acl.grantee')} and d.defaclrole <> bound.oid
      group by n.nspname, kind, d.defaclrole, acl.grantee`,
  },
  {
    check: 'parameter-privileges',
    guarantee: 11,
    level: 'error',
    since: 150_000,
    should: 'The serving role may not set a parameter that is reserved for superusers.',
    find: `
      select p.parname, 'the serving role has ' || acl.privilege_type || ' on this server parameter',
        format('revoke %s on parameter %s from %s;', lower(acl.privilege_type), p.parname, ${granteeName('acl.grantee')})
      from bound, pg_parameter_acl p, aclexplode(p.paracl) as acl where ${granteeIsServing('acl.grantee')}`,
  },
  {
    check: 'system-tables',
    guarantee: 11,
    level: 'error',
    should: 'The serving role cannot read system tables that hold values of all tenants or passwords.',
    find: `
      select c.oid::regclass::text, 'the serving role can read this system table',
        ${revoke("format('revoke all on %s', c.oid::regclass)", aclOf('c'))}
      from bound, pg_class c
      where c.relnamespace = 'pg_catalog'::regnamespace
        and c.relname in ('pg_authid', 'pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_user_mapping')
        and has_any_column_privilege(${role}, c.oid, 'SELECT')`,
  },
  {
    check: 'system-functions',
    guarantee: 11,
    level: 'error',
    should: 'The serving role may not execute a function that accesses files of the server.',
    find: `
      select p.oid::regprocedure::text, 'the serving role may execute it, and it accesses files of the server',
        ${revoke("format('revoke execute on function %s', p.oid::regprocedure)", functionAcl('p'))}
      from bound, pg_proc p
      where p.pronamespace = 'pg_catalog'::regnamespace and has_function_privilege(${role}, p.oid, 'EXECUTE')
        and p.proname in ('pg_read_file', 'pg_read_binary_file', 'pg_stat_file', 'pg_ls_dir', 'lo_import', 'lo_export')`,
  },
]
