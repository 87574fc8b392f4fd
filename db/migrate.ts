import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { z } from 'zod'
import { type Connection, openConnection } from '../src/tenancy/index.ts'
import { assertRowSecurity, inspectRowSecurity } from '../src/walls/index.ts'
import { shared } from './schema/shared.ts'

/** Any number will do, so long as every migration of this database takes the same: "rowhouse" in base 36, shortened. */
const advisoryLock = 1_658_793_127
const breakpoint = '--> statement-breakpoint'
const folder = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** A migration stopped; the database is as it was. The message names the file and the statement. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

export interface MigrateOptions {
  /** The owner's URL. */
  url: string
  /** The password that `app_user` gets when this migration is the one that makes it. */
  appPassword?: string | undefined
}

/**
 * Prepares a database in one transaction: roles, tenancy functions, Drizzle's migrations, walls, and a last look that
 * refuses a table of tenants without its wall. Safe to run again, and from two places at once: the second waits.
 *
 * @throws MigrationError with the failing statement, RowSecurityError when the result would have a hole
 * @returns names of the migrations that were applied now
 * @example
 * await migrate({ url: process.env.DATABASE_OWNER_URL })
 */
export async function migrate({ url, appPassword }: MigrateOptions): Promise<string[]> {
  const connection = openConnection({ url, answerTimeoutMs: 0 })
  try {
    await connection.command('begin')
    await connection.send('select pg_advisory_xact_lock($1)', [advisoryLock], 'arrays')
    // From here on waiting for a lock would queue every request of the service behind this migration.
    await connection.send("select set_config('lock_timeout', '10s', true)", [], 'arrays')
    await connection.send("select set_config('rowhouse.app_password', $1, true)", [appPassword ?? ''], 'arrays')
    for (const name of ['10-roles', '20-tenancy', '30-protect']) await runFile(connection, name)
    const applied = await applyMigrations(connection)
    await runFile(connection, '40-walls')
    assertRowSecurity(await inspectRowSecurity(connection, { role: 'app_user', shared }))
    await connection.command('commit')
    return applied
  } finally {
    await connection.close()
  }
}

async function runFile(connection: Connection, name: string): Promise<void> {
  const text = await readFile(`${folder('sql')}/${name}.sql`, 'utf8')
  await runStatements(connection, `sql/${name}.sql`, text.split(breakpoint))
}

/** What Drizzle's migrator does, in the transaction that also holds the walls, so that neither comes without the other. */
async function applyMigrations(connection: Connection): Promise<string[]> {
  await runStatements(connection, 'the list of migrations', [
    'create schema if not exists drizzle',
    'create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  ])
  const known = await connection.send('select hash, created_at from drizzle.__drizzle_migrations', [], 'arrays')
  const hashes = new Map(known.map((row) => (Array.isArray(row) ? [Number(row[1]), String(row[0])] : [0, ''])))
  const journal: unknown = JSON.parse(await readFile(`${folder('drizzle')}/meta/_journal.json`, 'utf8'))
  const applied: string[] = []
  const { entries } = z.object({ entries: z.array(z.object({ tag: z.string() })) }).parse(journal)
  for (const [index, { folderMillis, hash, sql }] of readMigrationFiles({
    migrationsFolder: folder('drizzle'),
  }).entries()) {
    const name = `drizzle/${entries[index]?.tag}.sql`
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
  for (const [index, statement] of statements.entries()) {
    try {
      await connection.command(statement)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new MigrationError(`${where}, statement ${index + 1}: ${message}\n\n${statement.trim()}`, { cause: error })
    }
  }
}
