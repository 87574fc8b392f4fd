import { type Connection, query } from '../database/index.ts'
import { spellings } from '../text/index.ts'
import { functionChecks } from './checks/functions.ts'
import { keyChecks } from './checks/keys.ts'
import { policyChecks } from './checks/policies.ts'
import { privilegeChecks } from './checks/privileges.ts'
import { probeChecks } from './checks/probes.ts'
import { recordingChecks } from './checks/recording.ts'
import { relationChecks } from './checks/relations.ts'
import { roleChecks } from './checks/role.ts'
import { settingChecks } from './checks/settings.ts'
import { sqlVersionChecks } from './checks/sql-version.ts'
import { tableChecks } from './checks/tables.ts'
import { type CatalogueCheck, type Check, type Finding, levelElsewhere, toFinding } from './finding.ts'
import { judgePolicies } from './judge-policies.ts'
import { type PolicyRow, policiesQuery } from './policies.ts'
import { probeTenant, type TenantValue } from './probe-tenant.ts'
import { isToldQuery, recordingQuery } from './recording-query.ts'
import { tablesQuery } from './tables-query.ts'
import { ours, type Tenant, tenantExpression, tenantSettings } from './tenant-expression.ts'

export interface IsolationCheckOptions {
  /**
   * The serving role.
   *
   * @default the role of the session
   */
  role?: string
  /**
   * The column that holds the tenant.
   *
   * @default 'tenant_id'
   */
  tenantColumn?: string
  /**
   * Relations, sequences and functions that all tenants share, as `schema.name`.
   *
   * @default []
   */
  shared?: string[]
  /**
   * Relations that the serving role must not reach, as `schema.name`: they need no tenant column and no policies.
   *
   * @default []
   */
  unreachable?: string[]
  /**
   * Whether the check may run policies and their functions with a login that may do more than the serving role. A function
   * can undo SET ROLE, and then has the rights of the login: use it for a database whose functions are all your own.
   *
   * @default false
   */
  allowPrivileged?: boolean
}

const catalogueChecks: CatalogueCheck[] = [
  ...roleChecks,
  ...privilegeChecks,
  ...tableChecks,
  ...recordingChecks,
  ...keyChecks,
  ...functionChecks,
  ...relationChecks,
  ...settingChecks,
  ...sqlVersionChecks,
]

/** Every check of the doctor, by guarantee. */
export const checks: Check[] = [...catalogueChecks, ...Object.values(policyChecks), ...Object.values(probeChecks)].sort(
  (a, b) => a.guarantee - b.guarantee,
)

/**
 * Finds faults in tenant isolation that the catalogue shows (PostgreSQL, chapter 5.9 "Row Security Policies"), in
 * every schema whose tables have a tenant column. Call it in a transaction: it evaluates the tenant expression in savepoints,
 * if the login is the serving role.
 *
 * @returns errors first, among them what was demonstrated; then by guarantee and object
 * @example
 * assertRowSecurity(await inspectRowSecurity(connection, { role: 'app_user' }))
 */
export async function inspectRowSecurity(
  connection: Connection,
  options: IsolationCheckOptions = {},
): Promise<Finding[]> {
  return (await inspectDatabase(connection, options)).findings
}

/** What {@link inspectDatabase} found. */
export interface Inspection {
  findings: Finding[]
  /** Whether the check may run policies and their functions; if not, the search_path stays pg_catalog. */
  mayRun: boolean
  /** The tenant tables with their policies, and what these compare the tenant column with. */
  policies: PolicyRow[]
  tenant: Tenant | undefined
  /** A tenant without rows; undefined when the check cannot set one. */
  value: TenantValue | undefined
}

/** The shared and the unreachable names, in each way to write them. */
export const listedNames = ({ shared = [], unreachable = [] }: Pick<IsolationCheckOptions, 'shared' | 'unreachable'>) =>
  [shared.flatMap(spellings), unreachable.flatMap(spellings)] as const

/** {@link inspectRowSecurity} for the check that also queries tables. */
export async function inspectDatabase(connection: Connection, options: IsolationCheckOptions): Promise<Inspection> {
  const { tenantColumn = 'tenant_id', allowPrivileged = false } = options
  const [shared, unreachable] = listedNames(options)
  // First of all: until then the database decides what the names in a query mean.
  const [entry] = (await query(connection, enterCatalogue)) as unknown as [{ path: string }] // its one row
  const [session] = (await query(connection, sessionQuery)) as unknown as [Session] // its one row
  const given = [options.role ?? session.role, tenantColumn, shared, unreachable]
  const policies = `with ${tablesQuery} ${policiesQuery}`
  const rows = (await query(connection, policies, given)) as unknown as PolicyRow[] // the query's own columns
  const tenant =
    tenantExpression(rows, session.ours) ?? (session.ours === null ? undefined : { ...ours, type: session.ours })
  const settings = tenantSettings(rows, tenant, session.bodies)
  const parameters = [...given, settings, tenant?.text ?? null]
  const found = (await query(connection, checksQuery(session), parameters)) as unknown as Found[] // its own columns
  const all = [...found.map(withDeclaration), ...judgePolicies(rows, tenant)]
  const isOurs = session.ours !== null || settings.includes('app.current_tenant')
  const outOfReach = rows.filter(({ privileges }) => privileges === '').map(({ table }) => table)
  const findings = isOurs ? all : levelElsewhere(all, checks, outOfReach)
  const isServing = session.login === (options.role ?? session.role) && !findings.some(isPower)
  const mayRun = allowPrivileged || isServing
  // Functions of policies see the names that they see in the service.
  if (mayRun) await query(connection, "select pg_catalog.set_config('search_path', $1, true)", [entry.path])
  if (rows.length > 0 && !mayRun) findings.push(notRun(session.login))
  if (rows.length === 0 || !mayRun || tenant === undefined)
    return { findings: findings.sort(inOrder), mayRun, policies: rows, tenant, value: undefined }
  const probed = await probeTenant(connection, tenant.text, settings)
  findings.push(...probed.findings)
  return { findings: findings.sort(inOrder), mayRun, policies: rows, tenant, value: probed.value }
}

/** Whether a finding means that the serving role may do more than read and write rows. */
const isPower = ({ check }: Finding): boolean => ['role-attributes', 'role-membership', 'role-owns'].includes(check)

const notRun = (login: string): Finding =>
  toFinding(
    probeChecks.notTried,
    login,
    'its policies and their functions were not run: this login may do more than the serving role',
    'Log in as the serving role itself, without more privileges, and run the check again.',
  )

const enterCatalogue = `select pg_catalog.current_setting('search_path') as path,
  pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)`

const sessionQuery = `
select current_user as role, session_user as login, current_setting('server_version_num')::int as version,
  ${isToldQuery} as "isTold",
  -- to_regprocedure() fails for a role without USAGE on the schema.
  (select format_type(p.prorettype, null) from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'tenancy' and p.proname = 'current_tenant_id' and p.pronargs = 0) as ours,
  (select coalesce(string_agg(prosrc, ' '), '') from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and prosrc ~* 'current_setting') as bodies`

/**
 * `isTold`: whether it may read tenancy.recorded_tables. `ours`: the type that tenancy.current_tenant_id() returns; null without the function.
 */
type Session = { role: string; login: string; version: number; isTold: boolean; ours: string | null; bodies: string }
type Found = Pick<Finding, 'check' | 'object' | 'problem' | 'remedy'>

function withDeclaration(found: Found): Finding {
  const check = catalogueChecks.find((one) => one.check === found.check)
  if (check === undefined) throw new TypeError(`Unknown check ${found.check}`)
  return { level: check.level, guarantee: check.guarantee, ...found }
}

/** All checks in one round trip. */
function checksQuery({ version, isTold }: Session): string {
  const finds = catalogueChecks
    .filter(({ since = 0 }) => version >= since)
    .map(({ check, find }) => `select '${check}', found.* from (${find}) as found (object, problem, remedy)`)
  return `with ${tablesQuery}, ${recordingQuery(isTold)} select * from (${finds.join('\nunion all ')}) as all_found ("check", object, problem, remedy)`
}

const demonstrated = checks.filter(({ isDemonstrated }) => isDemonstrated).map(({ check }) => check)

/** Whether the check saw the leak by running a query. */
export const isDemonstrated = ({ check }: Finding): boolean => demonstrated.includes(check)

/** The statement for a check may undo that of a later one, so they are printed in the order of their declarations. */
const place = ({ check }: Finding): number => checks.findIndex((one) => one.check === check)

/** Errors first, among them what was demonstrated; then by guarantee and object. */
export const inOrder = (a: Finding, b: Finding): number =>
  a.level.localeCompare(b.level) ||
  Number(isDemonstrated(b)) - Number(isDemonstrated(a)) ||
  a.guarantee - b.guarantee ||
  a.object.localeCompare(b.object) ||
  place(a) - place(b) ||
  a.problem.localeCompare(b.problem)
