import { type Connection, query } from '../database/index.ts'
import { assertRowSecurity, type Finding, inspectRowSecurity } from '../isolation/index.ts'
import type { ServedProject } from './project.ts'

/**
 * Inspects a database between two transactions of a migration. A table that the serving role has no privilege on may still lack
 * its protection: no tenant reaches it.
 *
 * @throws RowSecurityError
 */
export async function assertNothingOpen(connection: Connection, project: ServedProject): Promise<void> {
  const { servingRole: role, shared = [], unreachable = [], tenantColumn = 'tenant_id' } = project
  const findings = await inspectRowSecurity(connection, { role, shared, unreachable, tenantColumn })
  const rows = await query(connection, withoutPrivileges, [role])
  const names = new Set(rows.map(({ name }) => String(name)))
  assertRowSecurity(
    findings.filter(({ check, object }: Finding) => !names.has(object) && !aboutNoTable.includes(check)),
  )
}

/** Checks that fail before the first table is protected. */
const aboutNoTable = ['no-table', 'unreadable']

const withoutPrivileges = `
select c.oid::regclass::text as name from pg_class c
where not has_table_privilege($1::name, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
  and not has_any_column_privilege($1::name, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
  and not pg_has_role($1::name, c.relowner, 'MEMBER')`
