import type { Connection } from '../database/index.ts'
import { probeChecks } from './checks/probes.ts'
import { type Finding, toFinding } from './finding.ts'
import { failsClosed, firstColumn, inSavepoint } from './savepoint.ts'

/**
 * Queries every tenant table that the role of the session may read, without a tenant.
 *
 * @param mayRun whether policies may run; if not, only tables without policies are queried
 */
export async function probeRows(connection: Connection, tenantColumn: string, mayRun: boolean): Promise<Finding[]> {
  const tables = await firstColumn(connection, readableTables, [tenantColumn, mayRun])
  if (tables.length === 0) return []
  const together = tables.map(nameIfNotEmpty).join(' union all ')
  const outcome = await inSavepoint(connection, () => firstColumn(connection, together), '3s')
  if ('value' in outcome) return outcome.value.map(withoutTenant)
  const findings: Finding[] = []
  for (const table of tables) findings.push(...(await probeTable(connection, table)))
  return findings
}

async function probeTable(connection: Connection, table: string): Promise<Finding[]> {
  const outcome = await inSavepoint(connection, () => firstColumn(connection, nameIfNotEmpty(table)), '500ms')
  if ('value' in outcome) return outcome.value.map(withoutTenant)
  const { sqlstate } = outcome
  // 42501: row-level security would apply, and the session has switched it off.
  if (sqlstate === '42501')
    return [toFinding(probeChecks.rows, table, 'it cannot be read: the session has row_security = off', fixOthers)]
  if (failsClosed(sqlstate)) return []
  const later = 'Run the check again when the table is not locked.'
  return [toFinding(probeChecks.notTried, table, `a query of it fails with ${sqlstate}`, later)]
}

const nameIfNotEmpty = (table: string): string =>
  `select '${table.replaceAll("'", "''")}' where exists (select from ${table})`

const fixOthers = 'Fix the findings of the role and of this table, and run the check again.'
const withoutTenant = (table: string): Finding =>
  toFinding(probeChecks.rows, table, 'it returns rows without a tenant', fixOthers)

/** Quoted names of the tenant tables that the role may read at least one column of. */
const readableTables = `
select format('%I.%I', n.nspname, c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = $1 and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and has_any_column_privilege(c.oid, 'SELECT') and has_schema_privilege(n.oid, 'USAGE')
  -- A partition can be a foreign table, whose wrapper would run.
  and ($2::boolean or not (row_security_active(c.oid) or c.relhassubclass))`
