import { type Connection, query, signingKeyOf } from '../database/index.ts'
import { assertRowSecurity, inspectRowSecurity, RowSecurityError } from '../isolation/index.ts'
import { applyProject } from './apply-project.ts'
import type { MigratedProject, Progress } from './project.ts'
import { MigrationError } from './read-migrations.ts'
import { setRowSecurity } from './run-statements.ts'
import { openSession } from './session.ts'

export interface MigrateOptions extends MigratedProject {
  /** The database, as its owner. */
  url: string
  /** The password of `app_user` when this migration creates the role. An existing role keeps its password. */
  appPassword?: string | undefined
  /** Creates the role `app_admin` with this password. An existing role keeps its password. Unset, no role is created. */
  adminPassword?: string | undefined
  /** Creates the role `app_backup` with this password. An existing role keeps its password. Unset, no role is created. */
  backupPassword?: string | undefined
  /**
   * The secrets whose signed tenant contexts the database accepts from now on. An empty array makes it accept unsigned ones
   * again. Unset, the database keeps its keys.
   */
  signingSecrets?: string[] | undefined
}

/** What a migration did. */
export interface Migrated extends Progress {
  /** Whether the role `app_user` existed before, so that it kept its password. */
  foundAppUser: boolean
}

/**
 * Prepares a database in one transaction: roles, tenancy functions, Drizzle migrations, row-level security, and an
 * isolation check. It is safe to repeat and to run from two places at once: the second run waits for the first. A migration that
 * begins with the line `-- rowhouse: no transaction` runs between two transactions.
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
        throw new RowSecurityError(`${error.message}\n${rolledBack(migrated)}`, { cause: error })
      throw error
    }
    return migrated
  })

const rolledBack = ({ permanent }: Progress): string =>
  `${permanent.length === 0 ? 'Nothing was changed.' : stillThere(permanent)} For a table of a new migration, change the Drizzle ` +
  'schema or the SQL, and generate again: the statements above suit only what existed before.'

const stillThere = (permanent: string[]): string =>
  `These migrations are permanent: ${permanent.join(', ')}. Everything after them was rolled back; the next run goes on there.`

/**
 * Prepares a database as `migrate` does, with another inspection before COMMIT.
 *
 * @param inspect runs on the connection of the migration; an error rolls the migration back
 * @param asExisting for an empty database that nothing else uses: rejects a migration that would fail in a database which has the
 *   migrations before it. @default false
 * @returns the result of `inspect`
 */
export async function migrateAndInspect<T>(
  { url, appPassword, adminPassword, backupPassword, signingSecrets, ...project }: MigrateOptions,
  inspect: (connection: Connection, migrated: Migrated) => Promise<T>,
  { asExisting = false } = {},
): Promise<T> {
  const session = openSession(url)
  const { connection } = session
  const progress: Progress = { applied: [], permanent: [] }
  try {
    await session.begin()
    const settings = {
      app_password: appPassword,
      admin_password: adminPassword,
      backup_password: backupPassword,
      signing_keys: signingKeys(signingSecrets),
    }
    for (const [name, value = ''] of Object.entries(settings))
      await query(connection, 'select set_config($1, $2, true)', [`rowhouse.${name}`, value])
    const found = await query(connection, "select from pg_roles where rolname = 'app_user'")
    await applyProject(session, project, progress, asExisting)
    await setRowSecurity(connection, 'on')
    const result = await inspect(connection, { ...progress, foundAppUser: found.length > 0 })
    await connection.command('commit')
    return result
  } catch (error) {
    if (!(error instanceof MigrationError) || progress.permanent.length === 0) throw error
    throw new MigrationError(`${error.message}\n\n${stillThere(progress.permanent)}`, { cause: error })
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
