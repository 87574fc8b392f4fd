import type { CatalogueCheck } from '../finding.ts'

/** The version of the SQL that this release brings. sql/39-version.sql writes it to the database. */
export const sqlVersion = 2

/** The first version of the SQL wrote no number. */
export const sqlVersionWithoutNumber = 1

// Everybody who may connect can read the comment of a schema, and only its owner can change it. No other check depends on it.
const present = `
  select coalesce(substring(obj_description(n.oid, 'pg_namespace') from '^rowhouse sql ([0-9]{1,9})$')::int, ${sqlVersionWithoutNumber}) as version
  from pg_namespace n
  where n.nspname = 'tenancy' and exists (
    select from pg_proc p where p.pronamespace = n.oid and p.proname = 'current_tenant_id' and p.pronargs = 0)`

/** Guarantee G27: whether the database has the SQL of this release. */
export const sqlVersionChecks: CatalogueCheck[] = [
  {
    check: 'sql-version',
    guarantee: 27,
    level: 'warning',
    should: 'The database has the version of the SQL that this release of Rowhouse brings.',
    find: `
      select 'tenancy', format('its SQL has version %s, and this release of Rowhouse brings version ${sqlVersion}', version),
        case when version < ${sqlVersion} then 'Run "rowhouse upgrade", then "rowhouse migrate" as the owner of the database.'
          else format('Deploy the release of Rowhouse that migrated the database, or a later one: it brings version %s.', version) end
      from (${present}) as present where version <> ${sqlVersion}`,
  },
]
