import { parameters } from '../catalogue.ts'
import type { CatalogueCheck } from '../finding.ts'

const { role, shared, tenant } = parameters

/** Promise 12: every relation with a tenant column is walled, and the role reaches no other. */
export const tableChecks: CatalogueCheck[] = [
  {
    check: 'row-security-enabled',
    promise: 12,
    level: 'error',
    should: 'Row security is enabled on every table of tenants.',
    find: `
      select name, 'row security is not enabled', format('alter table %s enable row level security;', name)
      from tables where not relrowsecurity`,
  },
  {
    check: 'row-security-forced',
    promise: 12,
    level: 'error',
    should: 'Row security binds the owner of a table too.',
    find: `
      select name, 'row security is not forced on its owner', format('alter table %s force row level security;', name)
      from tables where not relforcerowsecurity`,
  },
  {
    check: 'tenant-not-null',
    promise: 12,
    level: 'error',
    should: 'The tenant column is NOT NULL.',
    find: `
      select name, 'its tenant column may be null', format('alter table %s alter column %s set not null;', name, tenant_name)
      from tables where not attnotnull`,
  },
  {
    check: 'tenant-type',
    promise: 12,
    level: 'warning',
    should: 'The tenant column is a uuid: a text can be empty, as the setting is after a transaction.',
    find: `
      select name, format('its tenant column is %s and not uuid', format_type(atttypid, null)),
        format('alter table %s alter column %s type uuid using …;', name, tenant_name)
      from tables where atttypid <> 'uuid'::regtype`,
  },
  {
    check: 'tenant-default',
    promise: 12,
    level: 'warning',
    should: 'The database itself writes the tenant column.',
    find: `
      select t.name, 'its tenant column is not written by the database',
        format('alter table %s alter column %s set default %s;', t.name, t.tenant_name, ${tenant})
      from tables t left join pg_attrdef d on d.adrelid = t.oid and d.adnum = t.tenant
      where regexp_replace(pg_get_expr(d.adbin, d.adrelid), '^\\((.*)\\)::[\\w ]+$', '\\1') is distinct from ${tenant}`,
  },
  {
    check: 'reachable-without-tenant',
    promise: 12,
    level: 'error',
    should: 'The serving role reaches no table without a tenant column, but those that tenants may share.',
    find: `
      select name, 'the serving role can reach it, and it has no tenant column',
        format('revoke all on %s from public, %I; -- or allow it: --shared %s', name, rolname, name)
      from bound, relations
      where relkind in ('r', 'p') and tenant is null and reachable and not shared and not extension`,
  },
  {
    check: 'sequence',
    promise: 12,
    level: 'error',
    should: 'The serving role reads no sequence that all tenants move: its numbers tell what the others do.',
    find: `
      select format('%I.%I', nspname, relname), 'the serving role can read a sequence that all tenants move',
        format('revoke all on sequence %I.%I from public, %I; -- or allow it: --shared %I.%I',
          nspname, relname, rolname, nspname, relname)
      from bound, pg_class c join schemas on schemas.oid = c.relnamespace
      -- In a CASE, since a planner that asked of another relation first would make it an error.
      where case when c.relkind = 'S' then has_sequence_privilege(${role}, c.oid, 'USAGE, SELECT, UPDATE') else false end
        and not format('%I.%I', nspname, relname) = any (${shared})`,
  },
]
