import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Connection, openConnection, query, signingKeyOf } from '../database/index.ts'
import { assertRowSecurity, inspectRowSecurity } from '../isolation/index.ts'
import { type Migration, MigrationError, readMigrations } from './read-migrations.ts'

/** Any number will do, so long as every migration of this database takes the same: "rowhouse" in base 36, shortened. */
const advisoryLock = 1_658_793_127
const breakpoint = '--> statement-breakpoint'

/** What is migrated, and what the last look at it lets pass. */
export interface MigratedProject {
  /** The folder of hand-written SQL: its files run in the order of their names, those below `40-` before Drizzle's. */
  sql?: string
  /** The folder of Drizzle's migrations; one that is not there holds none. */
  migrations?: string
  /** Relations and functions that tenants may share, as `schema.name`; none when left out. */
  shared?: string[]
  tenantColumn?: string
}

export interface MigrateOptions extends MigratedProject {
  /** The owner's URL. */
  url: string
  /** The password that `app_user` gets when this migration is the one that makes it. */
  appPassword?: string | undefined
  /** Left out: no role for administrative work is made. Else `app_admin`, with this password when it is made now. */
  adminPassword?: string | undefined
  /**
   * From now on the database takes tenants only that were sealed with one of these secrets; none of them: it takes plain ones
   * again. Left out, it stays as it is.
   */
  signingSecrets?: string[] | undefined
}

/**
 * Prepares a database in one transaction: roles, tenancy functions, Drizzle's migrations, walls, and a last look that
 * refuses a table of tenants without its wall. Safe to run again, and from two places at once: the second waits.
 *
 * @param options folders are those of the working directory when left out: `sql` and `drizzle`
 * @throws MigrationError with the failing statement, RowSecurityError when the result would have a hole
 * @returns names of the migrations that were applied now
 * @example
 * await migrate({ url: process.env.DATABASE_OWNER_URL })
 */
export const migrate = (options: MigrateOptions): Promise<string[]> =>
  prepare(options, async (connection, applied) => {
    const { shared = [], tenantColumn = 'tenant_id' } = options
    assertRowSecurity(await inspectRowSecurity(connection, { role: 'app_user', shared, tenantColumn }))
    return applied
  })

/**
 * Prepares a database as `migrate` does, with a last look of one's own, which refuses by throwing.
 *
 * @param look what is done before COMMIT, on the connection of the migration
 * @returns what the look gave
 */
export async function prepare<T>(
  { url, appPassword, adminPassword, signingSecrets, ...project }: MigrateOptions,
  look: (connection: Connection, applied: string[]) => Promise<T>,
): Promise<T> {
  const connection = openConnection({ url, answerTimeoutMs: 0 })
  try {
    await connection.command('begin')
    await query(connection, 'select pg_advisory_xact_lock($1)', [advisoryLock])
    // From here on waiting for a lock would queue every request of the service behind this migration.
    await query(connection, "select set_config('lock_timeout', '10s', true)")
    await query(connection, "select set_config('rowhouse.app_password', $1, true)", [appPassword ?? ''])
    await query(connection, "select set_config('rowhouse.admin_password', $1, true)", [adminPassword ?? ''])
    await query(connection, "select set_config('rowhouse.signing_keys', $1, true)", [signingKeys(signingSecrets)])
    const seen = await look(connection, await applyProject(connection, project))
    await connection.command('commit')
    return seen
  } finally {
    await connection.close()
  }
}

/** As sql/25-signed-context.sql reads them. */
function signingKeys(secrets: string[] | undefined): string {
  if (secrets === undefined) return ''
  if (secrets.length === 0) return 'off'
  const keys = secrets.map(signingKeyOf)
  return keys.map(({ id, inner, outer }) => `${id}:${inner}:${outer}`).join(',')
}

const generate = 'Run "drizzle-kit generate" first, and "rowhouse init" after each change of the schema.'
/** Of SQL that needs the tables: undefined_table and invalid_schema_name (PostgreSQL, appendix A). */
const missing = { '42P01': generate, '3F000': generate }

/** @returns names of the migrations that were applied now */
async function applyProject(connection: Connection, project: MigratedProject): Promise<string[]> {
  const { sql = 'sql', migrations = 'drizzle' } = project
  if (!existsSync(sql)) throw new MigrationError(`There is no folder ${sql}: "rowhouse init" writes it.`)
  const files = (await readdir(sql)).filter((name) => name.endsWith('.sql')).toSorted()
  const run = async (name: string, remedies?: Record<string, string>) => {
    const statements = (await readFile(join(sql, name), 'utf8')).split(breakpoint)
    await runStatements(connection, `${basename(sql)}/${name}`, statements, remedies)
  }
  for (const name of files.filter((name) => name < '40-')) await run(name)
  const applied = await applyMigrations(connection, await readMigrations(migrations))
  for (const name of files.filter((name) => name >= '40-')) await run(name, missing)
  return applied
}

/** What Drizzle's migrator does, in the transaction that also holds the walls, so that neither comes without the other. */
async function applyMigrations(connection: Connection, migrations: Migration[]): Promise<string[]> {
  if (migrations.length === 0) return []
  await runStatements(connection, 'the list of migrations', [
    'create schema if not exists drizzle',
    'create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  ])
  const known = await query(connection, 'select hash, created_at from drizzle.__drizzle_migrations')
  const hashes = new Map(known.map((row) => [Number(row.created_at), String(row.hash)]))
  const applied: string[] = []
  for (const { name, folderMillis, hash, sql } of migrations) {
    const before = hashes.get(folderMillis)
    if (before !== undefined && before !== hash)
      throw new MigrationError(`${name} was changed after it was applied here. Undo the change and add a new one.`)
    if (before !== undefined) continue
    await runStatements(connection, name, sql)
    await query(connection, 'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', [
      hash,
      folderMillis,
    ])
    applied.push(name)
  }
  return applied
}

/** @param remedies what to do, by SQLSTATE */
async function runStatements(
  connection: Connection,
  where: string,
  statements: string[],
  remedies: Record<string, string> = {},
): Promise<void> {
  const transaction = await transactionOf(connection)
  for (const [index, statement] of statements.entries()) {
    try {
      await connection.command(statement)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const remedy = remedies[error instanceof Error && 'code' in error ? String(error.code) : '']
      const lines = [`${where}, statement ${index + 1}: ${message}`, ...(remedy ? [remedy] : []), '', statement.trim()]
      throw new MigrationError(lines.join('\n'), { cause: error })
    }
  }
  if ((await transactionOf(connection)) !== transaction) throw await endedBy(connection, where, transaction)
}

const transactionOf = async (connection: Connection): Promise<string> =>
  String((await query(connection, 'select pg_current_xact_id() as id'))[0]?.id)

async function endedBy(connection: Connection, where: string, transaction: string): Promise<MigrationError> {
  const [row] = await query(connection, 'select pg_xact_status($1::text::xid8) as status', [transaction])
  const [what, command] =
    row?.status === 'committed'
      ? ['what it and the files before it did stays', 'COMMIT']
      : ['what was done before is undone, and what comes after it stays', 'ROLLBACK']
  return new MigrationError(`${where} ends the transaction by itself: ${what}. Take ${command} out of it.`)
}
