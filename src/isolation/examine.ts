import { type Connection, query } from '../database/index.ts'
import { accessOf, type TableAccess } from './access.ts'
import type { Finding } from './finding.ts'
import { type IsolationCheckOptions, inOrder, inspectDatabase, isDemonstrated, listedNames } from './inspect.ts'
import { probeRows } from './probe-rows.ts'
import { readRecording } from './recording.ts'
import { accessOfViews } from './view-access.ts'

/** What the doctor tells of a database. */
export interface IsolationReport {
  findings: Finding[]
  /** What keeps tenants apart, for each command on each tenant table, and on each view of such tables. */
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
  const { tenantColumn = 'tenant_id', asTenant = false } = options
  const [shared, unreachable] = listedNames(options)
  const { findings: found, mayRun, policies, tenant, value } = await inspectDatabase(connection, options)
  const as = asTenant ? value : undefined
  const { findings: rows, clean } = await probeRows(connection, { tenantColumn, shared, mayRun, tenant: as })
  const findings = [...found, ...rows].sort(inOrder)
  const leaking = new Set(findings.filter(isDemonstrated).map(({ object }) => object))
  const seen = { leaking, clean, asTenant: as !== undefined }
  const [session] = (await query(connection, 'select current_user as role')) as unknown as [{ role: string }] // its one row
  const { role = session.role } = options
  const views = await accessOfViews(connection, [role, tenantColumn, shared, unreachable], seen)
  const recordings = asTenant ? await readRecording(connection, { ...options, role }) : undefined
  const tables = accessOf(policies, tenant, seen).map((access) => ({
    ...access,
    recording: recordings?.get(access.table),
  }))
  return { findings, mayRun, tables: [...tables, ...views] }
}
