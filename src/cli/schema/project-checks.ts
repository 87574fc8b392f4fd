import type { Check } from '../../isolation/index.ts'

/** The checks of a project's sources, which `rowhouse check` and `rowhouse init` add to those of the doctor. The doctor itself adds `write-differs`. */
export const projectChecks: Check[] = [
  {
    check: 'no-tenant-column',
    guarantee: 12,
    level: 'warning',
    should: 'Every table of the schema has the tenant column, or is listed as shared or unreachable.',
  },
  {
    check: 'serial',
    guarantee: 12,
    level: 'warning',
    should: 'No tenant table has a serial column: the serving role may not read its sequence, so an insert fails.',
  },
  {
    check: 'unknown-shared',
    guarantee: 12,
    level: 'warning',
    should: 'Every name that is listed as shared or unreachable is a table, view, sequence or function of the project.',
  },
  {
    check: 'tenant-setting',
    guarantee: 14,
    level: 'error',
    should: 'tenancy.current_tenant_id() returns the tenant that the kit sets.',
  },
  {
    check: 'schema-differs',
    guarantee: 27,
    level: 'error',
    should: 'The migrations create the tables that the Drizzle schema declares.',
  },
  {
    check: 'recording-differs',
    guarantee: 27,
    level: 'error',
    should: 'The tables of the database have the audit trail and the trash that rowhouse.config.ts gives them.',
  },
  {
    check: 'write-differs',
    guarantee: 27,
    level: 'warning',
    should:
      'Tables whose deletes cascade to each other are alike in their audit trail and in their trash, unless rowhouse.config.ts says false.',
  },
  {
    check: 'edited-file',
    guarantee: 27,
    level: 'error',
    should: 'The SQL files that "rowhouse init" writes have the content that it wrote.',
  },
]
