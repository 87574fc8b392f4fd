import { policyChecks } from './checks/policies.ts'
import { type Check, type Finding, toFinding } from './finding.ts'
import { byTable, clausesOf, type PolicyRow } from './policies.ts'
import { callsOutside, isBeyondText } from './policy-text.ts'
import { castTenant, isDefaultOf, isSameTenant, ours, type Tenant } from './tenant-expression.ts'

/** The commands of policies, as pg_policy has them. */
export const commands = { r: 'SELECT', a: 'INSERT', w: 'UPDATE', d: 'DELETE' }

/**
 * Judges the policies of every table by their text.
 *
 * @param tenant the expression that they should compare the tenant column with; undefined for a database without one
 */
export function judgePolicies(rows: PolicyRow[], tenant: Tenant | undefined): Finding[] {
  return [...byTable(rows).values()].flatMap((own) => [
    ...judgePermissive(own, tenant),
    ...judgeRestrictive(own, tenant),
    ...own.flatMap((row) => (row.policy === null ? [] : judgePolicy(row, tenant))),
    ...judgeSeveral(own),
    ...judgeDefault(own, tenant),
  ])
}

/** A finding for a table without a permissive policy for the serving role. */
function judgePermissive(rows: PolicyRow[], tenant: Tenant | undefined): Finding[] {
  const [row] = rows
  if (row === undefined || applyingOf(rows).length > 0) return []
  const remedy = created(row, 'tenant_isolation', 'permissive', tenant)
  return [found(policyChecks.missing, row, 'it has no permissive policy for the serving role', remedy)]
}

/** A finding for a table without sound restrictive policies for every command. */
function judgeRestrictive(rows: PolicyRow[], tenant: Tenant | undefined): Finding[] {
  const [row] = rows
  if (row === undefined) return []
  const restrictive = rows.filter(
    (policy) => policy.policy !== null && !policy.permissive && policy.isPublic && isSound(policy, tenant),
  )
  const isRestricted = Object.keys(commands).every((command) =>
    restrictive.some((policy) => covers(policy, command) && (command === 'a' || policy.using !== null)),
  )
  if (isRestricted) return []
  const problem = 'it has no restrictive policy that limits every command to the tenant'
  const remedy = created(row, 'tenant_restrictive', 'restrictive', tenant)
  // tenancy.protect() always creates one. In other schemas, sound policies keep tenants apart until another one is added.
  const isError = tenant?.text === ours.text || !applyingOf(rows).every((policy) => isSound(policy, tenant))
  return [{ ...found(policyChecks.restrictive, row, problem, remedy), level: isError ? 'error' : 'warning' }]
}

/** Findings of one policy. */
function judgePolicy(row: PolicyRow, tenant: Tenant | undefined): Finding[] {
  const name = `its policy ${row.policy}`
  if (row.permissive && !row.applies && !isSound(row, tenant))
    return [
      found(
        policyChecks.otherRole,
        row,
        `${name} applies to another role and does not limit rows to the tenant`,
        `drop policy ${row.policy} on ${row.table};`,
      ),
    ]
  if (!row.permissive || !row.applies) return []
  return clausesOf(row).flatMap(({ clause, text, condition }) => {
    const fix = withTenant(
      row,
      tenant,
      (expression) => `alter policy ${row.policy} on ${row.table} ${clause} ${compared(row, expression)};`,
    )
    if (!condition && isBeyondText(text))
      return [found(policyChecks.text, row, `${name} cannot be judged by its text: ${clause} ${text}`, addTenant)]
    if (!condition || !isSameTenant(condition.tenant, tenant))
      return [found(policyChecks.text, row, `${name} does not limit rows to the tenant: ${clause} ${text}`, fix)]
    if (!condition.once)
      return [found(policyChecks.once, row, `${name} calls the tenant function once a row, in ${clause}`, fix)]
    return []
  })
}

/** Findings of commands with several permissive policies, which PostgreSQL combines with OR. */
function judgeSeveral(rows: PolicyRow[]): Finding[] {
  return Object.entries(commands).flatMap(([command, title]) => {
    const [kept, ...others] = applyingOf(rows)
      .filter((row) => covers(row, command))
      .sort((a, b) => a.command.localeCompare(b.command)) // keeps the policy for all commands
    if (kept === undefined || others.length === 0) return []
    const names = [kept, ...others].map(({ policy }) => policy).join(', ')
    const drops = others.map(({ policy, table }) => `drop policy if exists ${policy} on ${table};`).join(' ')
    return [
      found(
        policyChecks.several,
        kept,
        `it has more than one permissive policy for ${title}, combined with OR: ${names}`,
        drops,
      ),
    ]
  })
}

export const applyingOf = (rows: PolicyRow[]) =>
  rows.filter((row) => row.policy !== null && row.permissive && row.applies)
export const covers = (row: PolicyRow, command: string): boolean => row.command === '*' || row.command === command

function isSound(row: PolicyRow, tenant: Tenant | undefined): boolean {
  const clauses = clausesOf(row)
  return clauses.length > 0 && clauses.every(({ condition }) => condition && isSameTenant(condition.tenant, tenant))
}

const found = (check: Check, { table }: PolicyRow, problem: string, remedy: string): Finding =>
  toFinding(check, table, problem, remedy)

const addTenant = 'Compare the tenant column with the tenant too, with AND.'
const noTenant = 'Create a tenant function first: run "rowhouse init" and "rowhouse migrate".'

/** A finding for a table whose tenant column has another default than the tenant expression. */
function judgeDefault([row]: PolicyRow[], tenant: Tenant | undefined): Finding[] {
  if (row === undefined || tenant === undefined || !tenant.text.includes('(')) return []
  if (row.default !== null && isDefaultOf(row.default, tenant)) return []
  const called = { ...tenant, text: callsOutside(tenant.text) }
  const remedy = called.text.includes('SELECT ')
    ? 'Give the column a default that calls a function which returns the tenant: a default may have no sub-select.'
    : withTenant(
        row,
        called,
        (expression) => `alter table ${row.table} alter column ${row.column} set default ${expression};`,
      )
  return [found(policyChecks.default, row, 'its tenant column has no default that sets the tenant', remedy)]
}

/** A statement with the tenant expression as the column's type, or the sentence that says why there is none. */
function withTenant(
  { type }: PolicyRow,
  tenant: Tenant | undefined,
  statement: (expression: string) => string,
): string {
  if (tenant === undefined) return noTenant
  const expression = castTenant(tenant, type)
  return expression === undefined
    ? `Change the tenant column to ${tenant.type} first: it is ${type}, and the policies of other tables compare ${tenant.type}.`
    : statement(expression)
}

const compared = ({ column }: PolicyRow, expression: string): string => `(${column} = (select ${expression}))`

const created = (row: PolicyRow, name: string, kind: string, tenant: Tenant | undefined): string =>
  withTenant(row, tenant, (expression) => {
    const condition = compared(row, expression)
    return `drop policy if exists ${name} on ${row.table}; create policy ${name} on ${row.table} as ${kind} for all to public using ${condition} with check ${condition};`
  })
