import { readTenantCondition, type TenantCondition } from './policy-text.ts'

/** A policy of a tenant table. A table without policies is one row with a null `policy`. */
export interface PolicyRow {
  table: string
  column: string
  /** The column's type. */
  type: string
  policy: string | null
  permissive: boolean
  /** `*`, or one of r, a, w, d: select, insert, update, delete. */
  command: string
  isPublic: boolean
  /** Whether it applies to the serving role. */
  applies: boolean
  using: string | null
  check: string | null
  /** Bodies of the functions that it calls. */
  functions: string | null
}

export const policiesQuery = `
select t.name as "table", t.tenant_name as "column", format_type(t.atttypid, null) as "type", quote_ident(p.polname) as policy,
  p.polpermissive as permissive, p.polcmd as command, p.polroles = '{0}' as "isPublic",
  exists (select from role, unnest(p.polroles) as r where r = 0 or pg_has_role(role.oid, nullif(r, 0), 'USAGE')) as applies,
  pg_get_expr(p.polqual, p.polrelid) as "using", pg_get_expr(p.polwithcheck, p.polrelid) as "check",
  (select string_agg(coalesce(nullif(f.prosrc, ''), pg_get_function_sqlbody(f.oid)), ' ')
    from pg_depend d join pg_proc f on f.oid = d.refobjid
    where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass) as functions
from tables t left join pg_policy p on p.polrelid = t.oid
order by t.name, p.polname`

/** The tenant expression of the policies that tenancy.protect() creates. */
export const ours = 'tenancy.current_tenant_id()'

/** The clauses of a policy with their tenant conditions. Without WITH CHECK, PostgreSQL applies USING to new rows. */
export function clausesOf({ using, check, column }: PolicyRow) {
  const clauses: { clause: string; text: string; condition: TenantCondition | undefined }[] = []
  if (using !== null) clauses.push({ clause: 'using', text: using, condition: readTenantCondition(using, column) })
  if (check !== null) clauses.push({ clause: 'with check', text: check, condition: readTenantCondition(check, column) })
  return clauses
}

/** The tenant expression of a database: ours when a policy has it, else the most frequent one; undefined without any. */
export function tenantExpression(rows: PolicyRow[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { condition } of rows.flatMap(clausesOf))
    if (condition) counts.set(condition.tenant, (counts.get(condition.tenant) ?? 0) + 1)
  if (counts.has(ours)) return ours
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0]
}

/**
 * Names of the settings that policies, or the functions they call, read.
 *
 * @param elsewhere bodies of other functions that read settings: the functions of policies may call them
 */
export function tenantSettings(rows: PolicyRow[], tenant: string | undefined, elsewhere = ''): string[] {
  if (tenant === ours) return ['app.current_tenant']
  const texts = rows.flatMap(({ using, check, functions }) => [using, check, functions]).join(' ')
  const read = namesIn(texts, /current_setting\(\s*'([^']+)'/gi)
  // A name of two parts that is passed to another function is the name of a setting.
  if (read.length === 0)
    read.push(...namesIn(texts, /'(\w+\.[\w.]+)'/g), ...namesIn(elsewhere, /current_setting\(\s*'([^']+)'/gi))
  return [...new Set(read)]
}

const namesIn = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name ?? '')

/** Ignores a cast: the tenant columns of two tables may have two types. */
export const isSameTenant = (a: string, b: string | undefined): boolean => withoutCast(a) === withoutCast(b ?? '')
const withoutCast = (expression: string): string => /^\((.*)\)::[\w ]+$/.exec(expression)?.[1] ?? expression
