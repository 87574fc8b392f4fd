import type { CatalogueCheck } from '../finding.ts'
import { isOurs, recorderFunctions } from '../our-functions.ts'
import { aclOf, parameters, privilegesOn, revoke } from '../tables-query.ts'

const { role, shared } = parameters

/** Tables of the recorder that the serving role reads, as far as their policies let it. */
const readable = ['audit_checkpoints', 'audit_logs', 'audit_pruned', 'trash']

/** Guarantees G1, G2 and G12: every tenant table is protected, and the serving role reaches no other table. */
export const tableChecks: CatalogueCheck[] = [
  {
    check: 'row-security-enabled',
    guarantee: 12,
    level: 'error',
    should: 'Row-level security is enabled on every tenant table.',
    find: `
      select name, 'row-level security is not enabled', format('alter table %s enable row level security;', name)
      from tables where not relrowsecurity`,
  },
  {
    check: 'row-security-forced',
    guarantee: 12,
    level: 'error',
    elsewhere: 'warning',
    should:
      'Row-level security is forced on the owner of every tenant table, except on the tables of the recorder, which nobody can become.',
    find: `
      select name, 'row-level security is not forced on its owner', format('alter table %s force row level security;', name)
      from tables where not relforcerowsecurity and not recorded`,
  },
  {
    check: 'recorder-role',
    guarantee: 12,
    level: 'error',
    should: 'Nobody logs in as the recorder, or is a member of it, and no policy is bypassed by it.',
    find: `
      select rolname, problem, remedy from recorders, lateral (
        select 'it owns what the database itself writes, and ' || attribute, format('alter role %I no%s;', rolname, name)
        from (values
          (rolcanlogin, 'may log in', 'login'), (rolsuper, 'is a superuser', 'superuser'), (rolbypassrls, 'has BYPASSRLS', 'bypassrls')
        ) as has (it, attribute, name) where it
        union all
        select format('it owns what the database itself writes, and %s may become it', member::regrole),
          format('revoke %I from %s;', rolname, member::regrole)
        from unnest(members) as member) as found (problem, remedy)`,
  },
  {
    check: 'recorder-table',
    guarantee: 12,
    level: 'error',
    should:
      'The serving role changes no table of the recorder, and reads only those that row-level security binds to a tenant.',
    find: `
      select r.name, 'the database alone writes it, and the serving role may do more than read what it is meant to', ${revoke("format('revoke all on %s', r.name)", aclOf('r'))}
      from bound, relations r
      -- The check audit-entries reports the others.
      where r.recorded and r.reachable and r.name !~ '^tenancy[.]audit_(entries|queue|trail)' and (r.name not in (${readable.map((name) => `'tenancy.${name}'`).join(', ')})
        or has_table_privilege(${role}, r.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        or has_any_column_privilege(${role}, r.oid, 'INSERT, UPDATE, REFERENCES'))`,
  },
  {
    check: 'recorder-function',
    guarantee: 12,
    level: 'error',
    should: 'Every function that runs as the recorder has the body that Rowhouse installs.',
    find: `
      select p.oid::regprocedure::text, 'it runs as the recorder, to which row-level security does not apply on its own tables',
        format('drop function %s; -- then run "rowhouse migrate"', p.oid::regprocedure)
      from recorders join pg_proc p on p.proowner = recorders.oid
      where p.prosecdef and (${isOurs('p', recorderFunctions)}) is not true`,
  },
  {
    check: 'tenant-not-null',
    guarantee: 12,
    level: 'error',
    elsewhere: 'warning',
    should: 'The tenant column is NOT NULL.',
    find: `
      select name, 'its tenant column may be null', format('alter table %s alter column %s set not null;', name, tenant_name)
      from tables where not attnotnull`,
  },
  {
    check: 'tenant-type',
    guarantee: 12,
    level: 'warning',
    should:
      'The tenant column has the type of tenant ids, by default uuid: a text can be empty, as the setting is after a transaction, and a number can be guessed.',
    find: `
      select name, format('its tenant column is %s, not %s', format_type(atttypid, null), ids.type),
        format('Change the column to %s. How its values convert depends on your data.', ids.type)
      from tables join pg_type on pg_type.oid = atttypid, tenant_ids as ids
      where coalesce(nullif(typbasetype, 0), pg_type.oid) <> ids.type`,
  },
  {
    check: 'tenant-collation',
    guarantee: 12,
    level: 'error',
    should: 'The collation of a tenant column takes no two ids for one; where tenant ids are text, it is "C".',
    find: `
      select t.name, format('its tenant column has the collation %s, not "C"', attcollation::regcollation),
        'Give the column the collation "C". Policies use the column: drop them first, and create them again.'
      from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum = t.tenant
      join pg_collation on pg_collation.oid = attcollation, tenant_ids as ids
      where not collisdeterministic or (ids.type = 'text'::regtype and attcollation <> 'pg_catalog."C"'::regcollation)`,
  },
  {
    check: 'reachable-without-tenant',
    guarantee: 12,
    level: 'error',
    elsewhere: 'warning',
    elsewhereOnly: / not judged$/,
    should: 'The serving role has no privilege on a table without a tenant column, except on shared tables.',
    find: `
      select name, case
          when relrowsecurity and not rolbypassrls and (relforcerowsecurity or not pg_has_role(bound.oid, relowner, 'USAGE'))
          then 'the serving role can reach it, and it has no tenant column: its policies were not judged'
          else 'the serving role can reach it, and it has no tenant column' end,
        ${revoke("format('revoke all on %s', name)", aclOf('relations'), ' -- or list it as shared')}
      from bound, relations
      where relkind in ('r', 'p') and tenant is null and reachable and not shared and not extension and not unreachable
        -- Names of tables and columns: what the checks of the audit trail compare triggers with.
        and not (name = 'tenancy.recorded_tables' and ${privilegesOn('relations')} = 'r')`,
  },
  {
    check: 'unreachable',
    guarantee: 12,
    level: 'error',
    should: 'The serving role has no privilege on a relation that is listed as unreachable.',
    find: `
      select name, 'the serving role can reach it, and it is listed as unreachable',
        ${revoke("format('revoke all on %s', name)", aclOf('relations'))}
      from bound, relations where unreachable and reachable`,
  },
  {
    check: 'parent-without-tenant',
    guarantee: 12,
    level: 'error',
    should: 'No tenant table inherits from a table without a tenant column that the serving role can reach.',
    find: `
      with recursive children as (
        select r.oid as root, inhrelid as first, inhrelid as child
        from relations r join pg_inherits on inhparent = r.oid where r.tenant is null
        union select root, first, inhrelid from children join pg_inherits on inhparent = child)
      select r.name, format('a query of it returns the rows of %s and does not apply their policies', t.name),
        string_agg(format('alter table %s no inherit %s;', first::regclass, r.name), ' ')
      from relations r join children on children.root = r.oid join tables t on t.oid = children.child where r.reachable
      group by r.name, t.name`,
  },
  {
    check: 'shared-writable',
    guarantee: 2,
    level: 'warning',
    should: 'The serving role only reads what all tenants share: every tenant sees what one of them writes.',
    find: `
      select name, 'all tenants share it, and the serving role may write to it',
        ${revoke("format('revoke insert, update, delete on %s', name)", aclOf('relations'))}
      from bound, relations
      where shared and relkind in ('r', 'p', 'v') and (has_table_privilege(${role}, relations.oid, 'INSERT, UPDATE, DELETE')
        or has_any_column_privilege(${role}, relations.oid, 'INSERT, UPDATE'))`,
  },
  {
    check: 'identity-column',
    guarantee: 1,
    level: 'warning',
    should:
      'No column of a tenant table numbers the rows of all tenants: the numbers reveal how much the others write.',
    find: `
      select t.name, format('its column %I numbers the rows of all tenants in one sequence', a.attname), 'Change the column to uuid.'
      from tables t join pg_attribute a on a.attrelid = t.oid and a.attidentity <> '' and not a.attisdropped`,
  },
  {
    check: 'sequence',
    guarantee: 12,
    level: 'error',
    elsewhere: 'warning',
    should:
      'The serving role cannot read a sequence that all tenants share: its numbers reveal how much the others write.',
    find: `
      select format('%I.%I', nspname, relname), 'the serving role can read a sequence that all tenants share',
        case when exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'a')
          then 'Change the column that it numbers to uuid.'
          else ${revoke("format('revoke all on sequence %I.%I', nspname, relname)", aclOf('c'), ' -- or list it as shared')} end
      from bound, pg_class c join schemas on schemas.oid = c.relnamespace
      -- CASE, because has_sequence_privilege() fails for another kind of relation and the planner may call it first.
      where case when c.relkind = 'S' then has_sequence_privilege(${role}, c.oid, 'USAGE, SELECT, UPDATE') else false end
        and not format('%I.%I', nspname, relname) = any (${shared})`,
  },
]
