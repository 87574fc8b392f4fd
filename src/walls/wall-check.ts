import { type Connection, type ConnectionOptions, openConnection } from '../tenancy/index.ts'
import type { Finding } from './finding.ts'
import { inOrder, inspectRowSecurity, probeCheck, type WallOptions } from './inspect.ts'

const isError = (finding: Finding): boolean => finding.level === 'error'

/** The start-up check failed: the message lists every hole with its remedy. */
export class RowSecurityError extends Error {
  override readonly name = 'RowSecurityError'
}

/** @throws RowSecurityError when a finding is an error: then tenants may not be kept apart, and nothing should be served */
export function assertRowSecurity(findings: Finding[]): void {
  const errors = findings.filter(isError)
  if (errors.length === 0) return
  const lines = errors.map(({ object, problem, remedy }) => `  - ${object}: ${problem}\n      ${remedy}`)
  throw new RowSecurityError(`Row security does not keep tenants apart in this database:\n${lines.join('\n')}`)
}

/** Looks at the live walls through a connection of its own. */
export interface WallCheck {
  /** @throws ApiError SERVICE_UNAVAILABLE when the database does not answer */
  inspect(): Promise<Finding[]>
  close(): Promise<void>
}

/**
 * Makes the check that runs at start and behind `/ready`: the catalogue as the serving role sees it, and a probe that no
 * table shows a row without a tenant, in a transaction that is rolled back. Calls at the same time share one look.
 *
 * @param options `role`: what a superuser's login must take first (PGlite)
 * @example
 * assertRowSecurity(await createWallCheck({ url }).inspect())
 */
export function createWallCheck(options: ConnectionOptions & WallOptions): WallCheck {
  let connection: Connection | undefined
  let underWay: Promise<Finding[]> | undefined

  async function inspect(): Promise<Finding[]> {
    if (connection?.fault) {
      void connection.close()
      connection = undefined
    }
    connection ??= openConnection(options)
    await connection.command('begin read only')
    try {
      if (options.role) await connection.send("select set_config('role', $1, true)", [options.role], 'arrays')
      const findings = await inspectRowSecurity(connection, options)
      const shown = await probe(connection, options).catch((error: unknown) => {
        // Some holes, as `row_security` preset to off, make the tables unreadable: what was found says more.
        if (findings.some(isError)) return []
        throw error
      })
      return [...findings, ...shown].sort(inOrder)
    } finally {
      await connection.command('rollback').catch(() => connection?.close())
    }
  }

  return {
    inspect() {
      underWay ??= inspect().finally(() => {
        underWay = undefined
      })
      return underWay
    },
    async close() {
      await underWay?.catch(() => {})
      await connection?.close()
    },
  }
}

/** Quoted names of the tables of tenants that the role of the session may read. */
const readableTables = `
select format('%I.%I', n.nspname, c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = $1 and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and has_table_privilege(c.oid, 'SELECT') and has_schema_privilege(n.oid, 'USAGE')`

/** Looks whether any table shows a row without a tenant. */
async function probe(connection: Connection, { tenantColumn = 'tenant_id' }: WallOptions): Promise<Finding[]> {
  const tables = await firstColumn(connection, readableTables, [tenantColumn])
  if (tables.length === 0) return []
  const looks = tables.map((name) => `select '${name.replaceAll("'", "''")}' where exists (select from ${name})`)
  const shown = await firstColumn(connection, looks.join(' union all '))
  const { should: _, ...check } = probeCheck
  return shown.map((object) => ({
    ...check,
    object,
    problem: 'it shows rows without a tenant',
    remedy: 'Mend what else is found here; then: bun run rowhouse migrate',
  }))
}

async function firstColumn(connection: Connection, text: string, parameters: unknown[] = []): Promise<string[]> {
  const rows = await connection.send(text, parameters, 'arrays')
  return rows.map((row) => String(Array.isArray(row) ? row[0] : row))
}
