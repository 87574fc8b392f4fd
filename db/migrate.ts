import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { z } from 'zod'
import { type Connection, openConnection } from '../src/tenancy/index.ts'
import { assertRowSecurity, inspectRowSecurity } from '../src/walls/index.ts'
import { shared as ours } from './schema/shared.ts'

/** Any number will do, so long as every migration of this database takes the same: "rowhouse" in base 36, shortened. */
const advisoryLock = 1_658_793_127
const breakpoint = '--> statement-breakpoint'

/** A migration stopped; the database is as it was. The message names the file and the statement. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** What is migrated, and what the last look at it lets pass. */
export interface MigratedProject {
  /** The folder of hand-written SQL: its files run in the order of their names, those below `40-` before Drizzle's. */
  sql?: string
  /** The folder of Drizzle's migrations; one that is not there holds none. */
  migrations?: string
  /** Relations and functions that tenants may share, as `schema.name`; those of db/schema/shared.ts when left out. */
  shared?: string[]
  tenantColumn?: string
}

export interface MigrateOptions extends MigratedProject {
  /** The owner's URL. */
  url: string
  /** The password that `app_user` gets when this migration is the one that makes it. */
  appPassword?: string | undefined
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
    const { shared = ours, tenantColumn = 'tenant_id' } = options
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
  { url, appPassword, ...project }: MigrateOptions,
  look: (connection: Connection, applied: string[]) => Promise<T>,
): Promise<T> {
  const connection = openConnection({ url, answerTimeoutMs: 0 })
  try {
    await connection.command('begin')
    await connection.send('select pg_advisory_xact_lock($1)', [advisoryLock], 'arrays')
    // From here on waiting for a lock would queue every request of the service behind this migration.
    await connection.send("select set_config('lock_timeout', '10s', true)", [], 'arrays')
    await connection.send("select set_config('rowhouse.app_password', $1, true)", [appPassword ?? ''], 'arrays')
    const seen = await look(connection, await applyProject(connection, project))
    await connection.command('commit')
    return seen
  } finally {
    await connection.close()
  }
}

/** @returns names of the migrations that were applied now */
async function applyProject(connection: Connection, project: MigratedProject): Promise<string[]> {
  const { sql = 'sql', migrations = 'drizzle' } = project
  if (!existsSync(sql)) throw new MigrationError(`There is no folder ${sql}: "rowhouse init" writes it.`)
  const files = (await readdir(sql)).filter((name) => name.endsWith('.sql')).toSorted()
  const run = async (name: string) =>
    runStatements(connection, `${basename(sql)}/${name}`, (await readFile(join(sql, name), 'utf8')).split(breakpoint))
  for (const name of files.filter((name) => name < '40-')) await run(name)
  const applied = existsSync(migrations) ? await applyMigrations(connection, migrations) : []
  for (const name of files.filter((name) => name >= '40-')) await run(name)
  return applied
}

/** What Drizzle's migrator does, in the transaction that also holds the walls, so that neither comes without the other. */
async function applyMigrations(connection: Connection, folder: string): Promise<string[]> {
  await runStatements(connection, 'the list of migrations', [
    'create schema if not exists drizzle',
    'create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  ])
  const known = await connection.send('select hash, created_at from drizzle.__drizzle_migrations', [], 'arrays')
  const hashes = new Map(known.map((row) => (Array.isArray(row) ? [Number(row[1]), String(row[0])] : [0, ''])))
  const journal: unknown = JSON.parse(await readFile(join(folder, 'meta/_journal.json'), 'utf8'))
  const applied: string[] = []
  const { entries } = z.object({ entries: z.array(z.object({ tag: z.string() })) }).parse(journal)
  for (const [index, { folderMillis, hash, sql }] of readMigrationFiles({ migrationsFolder: folder }).entries()) {
    const name = `${basename(folder)}/${entries[index]?.tag}.sql`
    const before = hashes.get(folderMillis)
    if (before !== undefined && before !== hash)
      throw new MigrationError(`${name} was changed after it was applied here. Undo the change and add a new one.`)
    if (before !== undefined) continue
    await runStatements(connection, name, sql)
    await connection.send(
      'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)',
      [hash, folderMillis],
      'arrays',
    )
    applied.push(name)
  }
  return applied
}

async function runStatements(connection: Connection, where: string, statements: string[]): Promise<void> {
  const transaction = await transactionOf(connection)
  for (const [index, statement] of statements.entries()) {
    try {
      await connection.command(statement)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new MigrationError(`${where}, statement ${index + 1}: ${message}\n\n${statement.trim()}`, { cause: error })
    }
  }
  if ((await transactionOf(connection)) !== transaction)
    throw new MigrationError(
      `${where} ends the transaction by itself: what it did before stays. Take COMMIT out of it.`,
    )
}

const transactionOf = async (connection: Connection): Promise<string> =>
  String(await connection.send('select pg_current_xact_id()', [], 'arrays'))
