import type { Connection } from '../tenancy/index.ts'
import { catalogue } from './catalogue.ts'
import { functionChecks } from './checks/functions.ts'
import { keyChecks } from './checks/keys.ts'
import { policyChecks } from './checks/policies.ts'
import { privilegeChecks } from './checks/privileges.ts'
import { relationChecks } from './checks/relations.ts'
import { roleChecks } from './checks/role.ts'
import { settingChecks } from './checks/settings.ts'
import { tableChecks } from './checks/tables.ts'
import type { CatalogueCheck, Check, Finding } from './finding.ts'
import { judgePolicies, type PolicyRow, policiesQuery, tenantExpression, tenantSettings } from './policies.ts'

export interface WallOptions {
  /** The serving role; the role of the session when left out. */
  role?: string
  /** The column that says whose a row is; `tenant_id` when left out. */
  tenantColumn?: string
  /** Relations, sequences and functions that tenants may share, as `schema.name`. */
  shared?: string[]
}

const catalogueChecks: CatalogueCheck[] = [
  ...roleChecks,
  ...privilegeChecks,
  ...tableChecks,
  ...keyChecks,
  ...functionChecks,
  ...relationChecks,
  ...settingChecks,
]

/** Rows that show without a tenant are not in the catalogue: they are looked for. */
export const probeCheck: Check = {
  check: 'rows-without-tenant',
  promise: 3,
  level: 'error',
  should: 'No table shows a row without a tenant.',
}

/** Every check there is, by promise. */
export const checks: Check[] = [...catalogueChecks, ...Object.values(policyChecks), probeCheck].sort(
  (a, b) => a.promise - b.promise,
)

/**
 * Looks for holes that the catalogue shows (PostgreSQL, chapter 5.9 "Row Security Policies"), in any schema whose tables
 * have a tenant column. Call it in a transaction: it sets `search_path` for the rest of it.
 *
 * @returns errors first, then by promise and object
 */
export async function inspectRowSecurity(connection: Connection, options: WallOptions = {}): Promise<Finding[]> {
  const { tenantColumn = 'tenant_id', shared = [] } = options
  const session = "select current_user as role, current_setting('server_version_num')::int as version"
  await connection.send("select set_config('search_path', 'pg_catalog', true)", [], 'arrays')
  const [{ role: current, version }] = (await connection.send(session, [], 'objects')) as unknown as [Session] // its one row
  const given = [options.role ?? current, tenantColumn, asArray(shared)]
  const policies = `with ${catalogue} ${policiesQuery}`
  // Its own columns, in a shape that PolicyRow describes.
  const rows = (await connection.send(policies, given, 'objects')) as PolicyRow[]
  const tenant = tenantExpression(rows)
  const parameters = [...given, asArray(tenantSettings(rows)), tenant]
  const found = (await connection.send(checksQuery(version), parameters, 'objects')) as Row[] // the query's own columns
  const fromCatalogue = found.flatMap((row) => {
    const { level, promise } = catalogueChecks.find(({ check }) => check === row.check) ?? probeCheck
    return [{ level, promise, ...row }]
  })
  return [...fromCatalogue, ...judgePolicies(rows, tenant)].sort(inOrder)
}

type Session = { role: string; version: number }
type Row = Pick<Finding, 'check' | 'object' | 'problem' | 'remedy'>

/** All checks in one round trip. */
function checksQuery(version: number): string {
  const finds = catalogueChecks
    .filter(({ since = 0 }) => version >= since)
    .map(({ check, find }) => `select '${check}', found.* from (${find}) as found (object, problem, remedy)`)
  return `with ${catalogue} select * from (${finds.join('\nunion all ')}) as all_found ("check", object, problem, remedy)`
}

/** PostgreSQL's notation of a text[] (chapter 8.15.2). */
const asArray = (names: string[]): string => `{${names.map((name) => JSON.stringify(name)).join(',')}}`

/** Errors first, then by promise and object. */
export const inOrder = (a: Finding, b: Finding): number =>
  a.level.localeCompare(b.level) ||
  a.promise - b.promise ||
  a.object.localeCompare(b.object) ||
  a.problem.localeCompare(b.problem)
