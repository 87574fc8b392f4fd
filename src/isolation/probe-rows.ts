import { type Connection, query } from '../database/index.ts'
import { probeChecks } from './checks/probes.ts'
import { type Finding, toFinding } from './finding.ts'
import type { TenantValue } from './probe-tenant.ts'
import { failsClosed } from './savepoint.ts'
import { type Answer, answersOf } from './try-queries.ts'

export interface RowProbeOptions {
  tenantColumn: string
  /** The relations that all tenants share. */
  shared: string[]
  /** Whether policies may run; if not, only tables without policies are queried. */
  mayRun: boolean
  /** Sets a tenant that has no rows. With it, views are queried too, and every relation as that tenant. */
  tenant?: TenantValue | undefined
}

/**
 * Queries every tenant table that the role of the session may read, without a tenant. The number of queries does not depend on the
 * number of tables.
 *
 * @returns `clean`: the relations that returned no row that they should not
 */
export async function probeRows(
  connection: Connection,
  { tenantColumn, shared, mayRun, tenant }: RowProbeOptions,
): Promise<{ findings: Finding[]; clean: Set<string> }> {
  const until = performance.now() + 10_000
  const found = await query(connection, readable, [tenantColumn, mayRun, mayRun && tenant !== undefined, shared])
  const relations = found as unknown as { name: string; column: string }[] // the query's own columns
  const any = relations.map(({ name }) => [name, `select exists (select from ${name})`] as const)
  const answers = await answersOf(connection, any, until)
  const findings = [...answers].flatMap(([name, answer]) => withoutTenant(name, answer))
  const clean = new Set(relations.map(({ name }) => name).filter((name) => isClean(answers.get(name))))
  if (tenant === undefined) return { findings, clean }

  // A row without a tenant belongs to no other tenant.
  const others = relations
    .filter(({ name }) => clean.has(name))
    .map(
      ({ name, column }) =>
        [name, `select exists (select from ${name} where ${column}::text <> '${tenant.value}')`] as const,
    )
  for (const [name, answer] of await answersOf(connection, others, until, tenant)) {
    if (answer !== true) continue
    findings.push(toFinding(probeChecks.otherRows, name, 'it returns rows of other tenants', fixOthers))
    clean.delete(name)
  }
  return { findings, clean }
}

const isClean = (answer: Answer | undefined): boolean =>
  answer === false || (typeof answer === 'string' && failsClosed(answer))

function withoutTenant(name: string, answer: Answer): Finding[] {
  if (answer === true) return [toFinding(probeChecks.rows, name, 'it returns rows without a tenant', fixOthers)]
  // 42501: row-level security would apply, and the session has switched it off.
  if (answer === '42501')
    return [toFinding(probeChecks.rows, name, 'it cannot be read: the session has row_security = off', fixOthers)]
  if (isClean(answer)) return []
  return [toFinding(probeChecks.notTried, name, `a query of it fails with ${answer}`, later)]
}

const fixOthers = 'Fix the findings of the role and of this table, and run the check again.'
const later = 'Run the check again when the table is not locked, and has an index that begins with the tenant column.'

/** Quoted names of the tenant tables, and with $3 of the views, that the role may read at least one column of. */
const readable = `
select format('%I.%I', n.nspname, c.relname) as name, quote_ident(a.attname) as column
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
-- In tenancy, the database itself writes the tables.
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  and a.attname = case when n.nspname = 'tenancy' and c.relkind in ('r', 'p') then 'tenant_id' else $1 end
where (c.relkind in ('r', 'p')
    or $3::boolean and c.relkind in ('v', 'm') and format('%I.%I', n.nspname, c.relname) <> all ($4::text[]))
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and has_any_column_privilege(c.oid, 'SELECT') and has_schema_privilege(n.oid, 'USAGE')
  -- A partition can be a foreign table, whose wrapper would run.
  and ($2::boolean or not (row_security_active(c.oid) or c.relhassubclass))
order by 1`
