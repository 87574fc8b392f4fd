import { readTenantCondition, type TenantCondition } from './policy-text.ts'
import { privilegesOn } from './tables-query.ts'

/** A policy of a tenant table. A table without policies is one row with a null `policy`. */
export interface PolicyRow {
  table: string
  column: string
  /** The column's type, or the base type of its domain. */
  type: string
  /** The default of the column. */
  default: string | null
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
  /** Whether row-level security applies to the serving role on this table. */
  isActive: boolean
  /** The commands that the serving role has the privilege for, on a column at the least: some of r, a, w, d. */
  privileges: string
}

export const policiesQuery = `
select t.name as "table", t.tenant_name as "column", 
  format_type(coalesce((select nullif(typbasetype, 0) from pg_type where oid = t.atttypid), t.atttypid), null) as "type",
  (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = t.oid and adnum = t.tenant) as "default", quote_ident(p.polname) as policy,
  p.polpermissive as permissive, p.polcmd as command, p.polroles = '{0}' as "isPublic",
  exists (select from role, unnest(p.polroles) as r where r = 0 or pg_has_role(role.oid, nullif(r, 0), 'USAGE')) as applies,
  pg_get_expr(p.polqual, p.polrelid) as "using", pg_get_expr(p.polwithcheck, p.polrelid) as "check",
  coalesce((select t.relrowsecurity and not rolsuper and not rolbypassrls
    and (t.relforcerowsecurity or not pg_has_role(role.oid, t.relowner, 'USAGE')) from role), false) as "isActive",
  ${privilegesOn('t')} as privileges,
  (select string_agg(coalesce(nullif(f.prosrc, ''), pg_get_function_sqlbody(f.oid)), ' ')
    from pg_depend d join pg_proc f on f.oid = d.refobjid
    where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass) as functions
from tables t left join pg_policy p on p.polrelid = t.oid
order by t.name, p.polname`

/** The policies of each table, by its name. */
export function byTable(rows: PolicyRow[]): Map<string, PolicyRow[]> {
  const tables = new Map<string, PolicyRow[]>()
  for (const row of rows) {
    const own = tables.get(row.table)
    if (own) own.push(row)
    else tables.set(row.table, [row])
  }
  return tables
}

/** The clauses of a policy with their tenant conditions. Without WITH CHECK, PostgreSQL applies USING to new rows. */
export function clausesOf({ using, check, column }: PolicyRow) {
  const clauses: { clause: string; text: string; condition: TenantCondition | undefined }[] = []
  if (using !== null) clauses.push({ clause: 'using', text: using, condition: readTenantCondition(using, column) })
  if (check !== null) clauses.push({ clause: 'with check', text: check, condition: readTenantCondition(check, column) })
  return clauses
}
