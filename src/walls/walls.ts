import { type Connection, type ConnectionOptions, openConnection } from '../tenancy/index.ts'
import { readableTablesQuery, wallsQuery } from './walls-query.ts'

/** A hole in the wall, or something that makes it weaker. `remedy` is a statement or a sentence. */
export interface Finding {
  level: 'error' | 'warning'
  /** The number of the promise in SECURITY.md. */
  promise: number
  object: string
  problem: string
  remedy: string
}

export interface WallOptions {
  /** The serving role; the role of the session when left out. */
  role?: string
  /** Relations and functions that tenants may share, as `schema.name`. */
  shared?: string[]
}

/**
 * Looks for holes that the catalogue shows (PostgreSQL, chapter 5.9 "Row Security Policies"). Call it in a transaction:
 * it sets `search_path` for the rest of it.
 */
export async function inspectRowSecurity(connection: Connection, options: WallOptions = {}): Promise<Finding[]> {
  const role = options.role ?? (await currentRole(connection))
  const shared = `{${(options.shared ?? []).map((name) => JSON.stringify(name)).join(',')}}`
  await connection.send("select set_config('search_path', 'pg_catalog', true)", [], 'arrays')
  return (await connection.send(wallsQuery, [role, 'tenant_id', shared], 'objects')) as Finding[] // the query's own columns
}

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
      const shown = await probe(connection).catch((error: unknown) => {
        // Some holes, as `row_security` preset to off, make the tables unreadable: what was found says more.
        if (findings.some(isError)) return []
        throw error
      })
      return [...findings, ...shown]
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

/** Looks whether any table shows a row without a tenant. */
async function probe(connection: Connection): Promise<Finding[]> {
  const tables = await firstColumn(connection, readableTablesQuery, [await currentRole(connection), 'tenant_id'])
  if (tables.length === 0) return []
  const looks = tables.map((name) => `select '${name.replaceAll("'", "''")}' where exists (select from ${name})`)
  const shown = await firstColumn(connection, looks.join(' union all '))
  return shown.map((object) => ({
    level: 'error',
    promise: 3,
    object,
    problem: 'it shows rows without a tenant',
    remedy: 'bun run migrate',
  }))
}

const currentRole = async (connection: Connection): Promise<string> =>
  (await firstColumn(connection, 'select current_user'))[0] ?? ''

async function firstColumn(connection: Connection, text: string, parameters: unknown[] = []): Promise<string[]> {
  const rows = await connection.send(text, parameters, 'arrays')
  return rows.map((row) => String(Array.isArray(row) ? row[0] : row))
}
