import { policyChecks } from './checks/policies.ts'
import type { Check, Finding } from './finding.ts'
import { readTenantCondition, type TenantCondition } from './policy-text.ts'

/** A policy of a table of tenants, or a table that has none. */
export interface PolicyRow {
  table: string
  column: string
  policy: string | null
  permissive: boolean
  /** `*`, or one of r, a, w, d: select, insert, update, delete. */
  command: string
  isPublic: boolean
  /** Whether it applies to the serving role. */
  applies: boolean
  using: string | null
  check: string | null
  /** Names of settings that the functions it asks read. */
  functions: string | null
}

export const policiesQuery = `
select t.name as "table", t.tenant_name as "column", quote_ident(p.polname) as policy, p.polpermissive as permissive, p.polcmd as command,
  p.polroles = '{0}' as "isPublic",
  exists (select from role, unnest(p.polroles) as r where r = 0 or pg_has_role(role.oid, nullif(r, 0), 'USAGE')) as applies,
  pg_get_expr(p.polqual, p.polrelid) as "using", pg_get_expr(p.polwithcheck, p.polrelid) as "check",
  (select string_agg(coalesce(nullif(f.prosrc, ''), pg_get_function_sqlbody(f.oid)), ' ')
    from pg_depend d join pg_proc f on f.oid = d.refobjid
    where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass) as functions
from tables t left join pg_policy p on p.polrelid = t.oid
order by t.name, p.polname`

/** What the policies of this database call the tenant: ours, or what most of them ask, where ours is not asked at all. */
export function tenantExpression(rows: PolicyRow[]): string {
  const ours = 'tenancy.current_tenant_id()'
  const counts = new Map<string, number>()
  for (const { using, check, column } of rows) {
    for (const text of [using, check]) {
      const found = text === null ? undefined : readTenantCondition(text, column)
      if (found) counts.set(found.tenant, (counts.get(found.tenant) ?? 0) + 1)
    }
  }
  if (counts.has(ours)) return ours
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? ours
}

/** Names of the settings that policies, or the functions they ask, read. */
export function tenantSettings(rows: PolicyRow[]): string[] {
  const texts = rows.flatMap(({ using, check, functions }) => [using, check, functions]).join(' ')
  const names = [...texts.matchAll(/current_setting\(\s*'([^']+)'/gi)].map(([, name]) => name ?? '')
  return [...new Set(names.length > 0 ? names : ['app.current_tenant'])]
}

/** Judges the policies of one table after the other. */
export function judgePolicies(rows: PolicyRow[], tenant: string): Finding[] {
  const tables = [...new Set(rows.map(({ table }) => table))]
  return tables.flatMap((table) =>
    judgeTable(
      table,
      rows.filter((row) => row.table === table),
      tenant,
    ),
  )
}

function judgeTable(table: string, rows: PolicyRow[], tenant: string): Finding[] {
  const findings: Finding[] = []
  const found = ({ should: _, ...check }: Check, problem: string, remedy: string) =>
    findings.push({ ...check, object: table, problem, remedy })
  const column = rows[0]?.column ?? ''
  const wanted = `(${column} = (select ${tenant}))`
  const create = (name: string, kind: string) =>
    `create policy ${name} on ${table} as ${kind} for all to public using ${wanted} with check ${wanted};`
  const policies = rows.filter(({ policy }) => policy !== null)
  const applying = policies.filter(({ permissive, applies }) => permissive && applies)

  if (applying.length === 0)
    found(policyChecks.missing, 'it has no tenant policy', create('tenant_isolation', 'permissive'))
  if (
    !policies.some(
      (row) => !row.permissive && row.isPublic && row.command === '*' && row.using !== null && isSound(row, tenant),
    )
  )
    found(policyChecks.fence, 'it has no restrictive fence', create('tenant_fence', 'restrictive'))
  for (const row of policies) {
    const name = `its policy ${row.policy}`
    const mend = `alter policy ${row.policy} on ${table}`
    if (row.permissive && !row.applies && !isSound(row, tenant))
      found(policyChecks.otherRole, `${name} opens it to another role`, `drop policy ${row.policy} on ${table};`)
    if (!row.permissive || !row.applies) continue
    for (const { clause, text, condition } of conditionsOf(row)) {
      if (!condition || !isSame(condition.tenant, tenant))
        found(
          policyChecks.text,
          `${name} does not read as a tenant policy must: ${clause} ${text}`,
          `${mend} ${clause} ${wanted};`,
        )
      else if (!condition.once)
        found(policyChecks.once, `${name} asks for the tenant once a row, in ${clause}`, `${mend} ${clause} ${wanted};`)
    }
  }
  for (const [command, title] of Object.entries({ r: 'SELECT', a: 'INSERT', w: 'UPDATE', d: 'DELETE' })) {
    const covering = applying
      .filter((row) => row.command === '*' || row.command === command)
      .sort((a, b) => a.command.localeCompare(b.command)) // the one for all commands stays
      .map(({ policy }) => policy)
    if (covering.length > 1) {
      const problem = `it has more than one permissive policy for ${title}, and they are ORed: ${covering.join(', ')}`
      found(
        policyChecks.several,
        problem,
        covering
          .slice(1)
          .map((name) => `drop policy ${name} on ${table};`)
          .join(' '),
      )
    }
  }
  return findings
}

/** The clauses that a policy has, and what each says. A missing WITH CHECK means USING. */
function conditionsOf({
  using,
  check,
  column,
}: PolicyRow): { clause: string; text: string; condition: TenantCondition | undefined }[] {
  const clauses: [string, string | null][] = [
    ['using', using],
    ['with check', check],
  ]
  return clauses.flatMap(([clause, text]) =>
    text === null ? [] : [{ clause, text, condition: readTenantCondition(text, column) }],
  )
}

const isSound = (row: PolicyRow, tenant: string): boolean =>
  conditionsOf(row).every(({ condition }) => condition && isSame(condition.tenant, tenant))

/** Two tables may keep the tenant in columns of two types: the cast is not what matters. */
const isSame = (a: string, b: string): boolean => withoutCast(a) === withoutCast(b)
const withoutCast = (expression: string): string => /^\((.*)\)::[\w ]+$/.exec(expression)?.[1] ?? expression
