import { policyChecks } from './checks/policies.ts'
import type { Check, Finding } from './finding.ts'
import { clausesOf, isSameTenant, ours, type PolicyRow } from './policies.ts'

const commands = { r: 'SELECT', a: 'INSERT', w: 'UPDATE', d: 'DELETE' }

/**
 * Judges the policies of every table by what they say.
 *
 * @param tenant what they should compare the tenant column with; undefined when the database has nothing to ask
 */
export function judgePolicies(rows: PolicyRow[], tenant: string | undefined): Finding[] {
  const tables = new Map<string, PolicyRow[]>()
  for (const row of rows) tables.set(row.table, [...(tables.get(row.table) ?? []), row])
  return [...tables.values()].flatMap((own) => [
    ...judgePresence(own, tenant),
    ...own.flatMap((row) => (row.policy === null ? [] : judgePolicy(row, tenant))),
    ...judgeNumber(own),
  ])
}

/** Whether there are a permissive policy and a restrictive one. */
function judgePresence(rows: PolicyRow[], tenant: string | undefined): Finding[] {
  const [row] = rows
  if (row === undefined) return []
  const findings: Finding[] = []
  if (applyingOf(rows).length === 0)
    findings.push(
      found(
        policyChecks.missing,
        row,
        'it has no tenant policy',
        created(row, 'tenant_isolation', 'permissive', tenant),
      ),
    )
  const restrictive = rows.filter(
    (policy) => policy.policy !== null && !policy.permissive && policy.isPublic && isSound(policy, tenant),
  )
  const isRestricted = Object.keys(commands).every((command) =>
    restrictive.some((policy) => covers(policy, command) && (command === 'a' || policy.using !== null)),
  )
  if (isRestricted) return findings
  const missing = found(
    policyChecks.restrictive,
    row,
    'it has no restrictive policy',
    created(row, 'tenant_restrictive', 'restrictive', tenant),
  )
  // Ours always make one. Elsewhere sound policies keep tenants apart without it, as long as nobody adds another.
  const isHole = tenant === ours || !applyingOf(rows).every((policy) => isSound(policy, tenant))
  return [...findings, { ...missing, level: isHole ? 'error' : 'warning' }]
}

/** What one policy says. */
function judgePolicy(row: PolicyRow, tenant: string | undefined): Finding[] {
  const name = `its policy ${row.policy}`
  if (row.permissive && !row.applies && !isSound(row, tenant))
    return [
      found(
        policyChecks.otherRole,
        row,
        `${name} opens it to another role`,
        `drop policy ${row.policy} on ${row.table};`,
      ),
    ]
  if (!row.permissive || !row.applies) return []
  return clausesOf(row).flatMap(({ clause, text, condition }) => {
    const mend =
      tenant === undefined ? noTenant : `alter policy ${row.policy} on ${row.table} ${clause} ${wanted(row, tenant)};`
    if (!condition || !isSameTenant(condition.tenant, tenant))
      return [found(policyChecks.text, row, `${name} does not read as a tenant policy must: ${clause} ${text}`, mend)]
    if (!condition.once)
      return [found(policyChecks.once, row, `${name} asks for the tenant once a row, in ${clause}`, mend)]
    return []
  })
}

/** Whether several permissive policies are ORed. */
function judgeNumber(rows: PolicyRow[]): Finding[] {
  return Object.entries(commands).flatMap(([command, title]) => {
    const [kept, ...others] = applyingOf(rows)
      .filter((row) => covers(row, command))
      .sort((a, b) => a.command.localeCompare(b.command)) // the one for all commands stays
    if (kept === undefined || others.length === 0) return []
    const names = [kept, ...others].map(({ policy }) => policy).join(', ')
    const drops = others.map(({ policy, table }) => `drop policy ${policy} on ${table};`).join(' ')
    return [
      found(
        policyChecks.several,
        kept,
        `it has more than one permissive policy for ${title}, and they are ORed: ${names}`,
        drops,
      ),
    ]
  })
}

const applyingOf = (rows: PolicyRow[]) => rows.filter((row) => row.policy !== null && row.permissive && row.applies)
const covers = (row: PolicyRow, command: string): boolean => row.command === '*' || row.command === command

function isSound(row: PolicyRow, tenant: string | undefined): boolean {
  const clauses = clausesOf(row)
  return clauses.length > 0 && clauses.every(({ condition }) => condition && isSameTenant(condition.tenant, tenant))
}

const found = ({ should: _, ...check }: Check, { table }: PolicyRow, problem: string, remedy: string): Finding => ({
  ...check,
  object: table,
  problem,
  remedy,
})

const noTenant = 'First give the database a function that says who the tenant is: bun run rowhouse init'

const wanted = ({ column, type }: PolicyRow, tenant: string): string =>
  `(${column} = (select ${type === 'uuid' || type.includes('.') ? tenant : `(${tenant})::${type}`}))`

function created(row: PolicyRow, name: string, kind: string, tenant: string | undefined): string {
  if (tenant === undefined) return noTenant
  const condition = wanted(row, tenant)
  return `drop policy if exists ${name} on ${row.table}; create policy ${name} on ${row.table} as ${kind} for all to public using ${condition} with check ${condition};`
}
