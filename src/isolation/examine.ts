import type { Connection } from '../database/index.ts'
import { accessOf, type TableAccess } from './access.ts'
import type { Finding } from './finding.ts'
import { type IsolationCheckOptions, inOrder, inspectDatabase, isDemonstrated } from './inspect.ts'
import { probeRows } from './probe-rows.ts'

/** What the doctor tells of a database. */
export interface IsolationReport {
  findings: Finding[]
  /** What keeps tenants apart, for each tenant table and each command. */
  tables: TableAccess[]
}

/**
 * Reads the catalogue and queries the tables. Call it in a transaction that is rolled back.
 *
 * @param options `asTenant`: whether to query them as a tenant without rows too, and the views
 */
export async function examine(
  connection: Connection,
  options: IsolationCheckOptions & { asTenant?: boolean },
): Promise<IsolationReport & { mayRun: boolean }> {
  const { tenantColumn = 'tenant_id', shared = [], asTenant = false } = options
  const { findings: found, mayRun, policies, tenant, value } = await inspectDatabase(connection, options)
  const as = asTenant ? value : undefined
  const { findings: rows, clean } = await probeRows(connection, { tenantColumn, shared, mayRun, tenant: as })
  const findings = [...found, ...rows].sort(inOrder)
  const leaking = new Set(findings.filter(isDemonstrated).map(({ object }) => object))
  return { findings, mayRun, tables: accessOf(policies, tenant, { leaking, clean, asTenant: as !== undefined }) }
}
