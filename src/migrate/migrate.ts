import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Connection, openConnection, query, signingKeyOf } from '../database/index.ts'
import { assertRowSecurity, inspectRowSecurity, RowSecurityError } from '../isolation/index.ts'
import { type Migration, MigrationError, readMigrations } from './read-migrations.ts'

/** Every migration of a database takes the same lock. The number is arbitrary. */
const advisoryLock = 1_658_793_127
const breakpoint = '--> statement-breakpoint'

/** What is migrated, and what the isolation check at the end accepts. */
export interface MigratedProject {
  /**
   * The folder of hand-written SQL. Its files run in the order of their names: those before `40-` run before the Drizzle
   * migrations, the others after.
   * @default 'sql' in the working directory
   */
  sql?: string
  /**
   * The folder of the Drizzle migrations. A missing folder counts as empty.
   * @default 'drizzle' in the working directory
   */
  migrations?: string
  /**
   * Relations and functions that all tenants share, as `schema.name`.
   * @default []
   */
  shared?: string[]
  /** @default 'tenant_id' */
  tenantColumn?: string
}

export interface MigrateOptions extends MigratedProject {
  /** The database, as its owner. */
  url: string
  /** The password of `app_user` when this migration creates the role. An existing role keeps its password. */
  appPassword?: string | undefined
  /** Creates the role `app_admin` with this password. An existing role keeps its password. Unset, no role is created. */
  adminPassword?: string | undefined
  /**
   * The secrets whose signed tenant contexts the database accepts from now on. An empty array makes it accept unsigned ones
   * again. Unset, the database keeps its keys.
   */
  signingSecrets?: string[] | undefined
}

/** What a migration did. */
export interface Migrated {
  /** The names of the new migrations. */
  applied: string[]
  /** Whether the role `app_user` existed before, so that it kept its password. */
  foundAppUser: boolean
}

/**
 * Prepares a database in one transaction: roles, tenancy functions, Drizzle migrations, row-level security, and an
 * isolation check. It is safe to repeat and to run from two places at once: the second run waits for the first.
 *
 * @throws MigrationError with the failing statement, RowSecurityError when a table is not protected
 * @returns the names of the new migrations
 * @example
 * await migrate({ url: process.env.DATABASE_OWNER_URL })
 */
export const migrate = async (options: MigrateOptions): Promise<string[]> => (await migrateAndReport(options)).applied

/** Prepares a database as `migrate` does, and returns more of what it did. */
export const migrateAndReport = (options: MigrateOptions): Promise<Migrated> =>
  migrateAndInspect(options, async (connection, migrated) => {
    const { shared = [], tenantColumn = 'tenant_id' } = options
    try {
      assertRowSecurity(
        await inspectRowSecurity(connection, { role: 'app_user', shared, tenantColumn, allowPrivileged: true }),
      )
    } catch (error) {
      if (error instanceof RowSecurityError)
        throw new RowSecurityError(`${error.message}\n${rolledBack}`, { cause: error })
      throw error
    }
    return migrated
  })

const rolledBack =
  'Nothing was changed. For a table of a new migration, change the Drizzle schema or the SQL, and generate again: ' +
  'the statements above suit only what existed before.'

/**
 * Prepares a database as `migrate` does, with another inspection before COMMIT.
 *
 * @param inspect runs on the connection of the migration; an error rolls the migration back
 * @returns the result of `inspect`
 */
export async function migrateAndInspect<T>(
  { url, appPassword, adminPassword, signingSecrets, ...project }: MigrateOptions,
  inspect: (connection: Connection, migrated: Migrated) => Promise<T>,
): Promise<T> {
  const connection = openConnection({ url, answerTimeoutMs: 0 })
  try {
    await connection.command('begin')
    await query(connection, 'select pg_advisory_xact_lock($1)', [advisoryLock])
    // A migration that waits for a table lock blocks every later request for that table.
    await query(connection, "select set_config('lock_timeout', '10s', true)")
    await query(connection, "select set_config('rowhouse.app_password', $1, true)", [appPassword ?? ''])
    await query(connection, "select set_config('rowhouse.admin_password', $1, true)", [adminPassword ?? ''])
    await query(connection, "select set_config('rowhouse.signing_keys', $1, true)", [signingKeys(signingSecrets)])
    const found = await query(connection, "select from pg_roles where rolname = 'app_user'")
    const applied = await applyProject(connection, project)
    const result = await inspect(connection, { applied, foundAppUser: found.length > 0 })
    await connection.command('commit')
    return result
  } finally {
    await connection.close()
  }
}

/** The format that sql/25-signed-context.sql reads. */
function signingKeys(secrets: string[] | undefined): string {
  if (secrets === undefined) return ''
  if (secrets.length === 0) return 'off'
  const keys = secrets.map(signingKeyOf)
  return keys.map(({ id, inner, outer }) => `${id}:${inner}:${outer}`).join(',')
}

const generateRemedy = 'Run "drizzle-kit generate" first, and "rowhouse init" after each change of the schema.'
// By SQLSTATE (PostgreSQL, appendix A): insufficient_privilege, undefined_table and invalid_schema_name.
const ownerRemedies = { '42501': 'DATABASE_OWNER_URL must log in as the owner of the database.' }
const roleRemedies = {
  '42501': 'DATABASE_OWNER_URL must log in as a role with CREATEROLE: this file creates and alters app_user.',
}
const tableRemedies = { ...ownerRemedies, '42P01': generateRemedy, '3F000': generateRemedy }

/** @returns the names of the new migrations */
async function applyProject(connection: Connection, project: MigratedProject): Promise<string[]> {
  const { sql = 'sql', migrations = 'drizzle' } = project
  if (!existsSync(sql)) throw new MigrationError(`The folder ${sql} does not exist: "rowhouse init" writes it.`)
  const files = (await readdir(sql)).filter((name) => name.endsWith('.sql')).toSorted()
  const run = async (name: string, remedies: Record<string, string>) => {
    const statements = (await readFile(join(sql, name), 'utf8')).split(breakpoint)
    await runStatements(connection, `${basename(sql)}/${name}`, statements, remedies)
  }
  for (const name of files.filter((name) => name < '40-'))
    await run(name, name === '10-roles.sql' ? roleRemedies : ownerRemedies)
  const applied = await applyMigrations(connection, await readMigrations(migrations))
  for (const name of files.filter((name) => name >= '40-')) await run(name, tableRemedies)
  return applied
}

/** Drizzle's own migrator would open a transaction of its own: a table could then exist without its protection. */
async function applyMigrations(connection: Connection, migrations: Migration[]): Promise<string[]> {
  if (migrations.length === 0) return []
  await runStatements(connection, 'the table of applied migrations', [
    'create schema if not exists drizzle',
    'create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  ])
  const known = await query(connection, 'select hash, created_at from drizzle.__drizzle_migrations')
  const hashes = new Map(known.map((row) => [Number(row.created_at), String(row.hash)]))
  const applied: string[] = []
  for (const { name, folderMillis, hash, sql } of migrations) {
    const before = hashes.get(folderMillis)
    if (before !== undefined && before !== hash)
      throw new MigrationError(
        `${name} was changed after this database applied it. Undo the change and add a new migration.`,
      )
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

/** @param remedies sentences for the operator, by SQLSTATE */
async function runStatements(
  connection: Connection,
  where: string,
  statements: string[],
  remedies: Record<string, string> = ownerRemedies,
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
  if ((await transactionOf(connection)) !== transaction) throw await endedTransaction(connection, where, transaction)
}

const transactionOf = async (connection: Connection): Promise<string> =>
  String((await query(connection, 'select pg_current_xact_id() as id'))[0]?.id)

async function endedTransaction(connection: Connection, where: string, transaction: string): Promise<MigrationError> {
  const [row] = await query(connection, 'select pg_xact_status($1::text::xid8) as status', [transaction])
  const [effect, command] =
    row?.status === 'committed'
      ? ['its changes and those of the files before it are permanent', 'COMMIT']
      : ['all changes before it are undone, and changes after it are permanent', 'ROLLBACK']
  return new MigrationError(
    `${where} ends the transaction of the migration: ${effect}. Remove ${command} from the file.`,
  )
}
