import { type Connection, query, signingKeyOf } from '../database/index.ts'
import { assertRowSecurity, inspectRowSecurity, RowSecurityError } from '../isolation/index.ts'
import { applyProject } from './apply-project.ts'
import type { MigratedProject, Progress } from './project.ts'
import { MigrationError } from './read-migrations.ts'
import { nameOrDefault, roleNames } from './role-names.ts'
import { setRowSecurity } from './run-statements.ts'
import { assertServerVersion } from './server-version.ts'
import { openSession } from './session.ts'
import { assertTenantIdType } from './tenant-id-type.ts'
import { assertOnlyTrusted, ownSchemas } from './trusted-schemas.ts'

export interface MigrateOptions extends MigratedProject {
  /** The database, as its owner. */
  url: string
  /** The serving role. A database keeps its roles. @default 'app_user', or the one that the database has */
  appRole?: string | undefined
  /** The password of the serving role when this migration creates it. An existing role keeps its password. */
  appPassword?: string | undefined
  /** The role of administrative work. @default 'app_admin', or the one that the database has */
  adminRole?: string | undefined
  /** Creates the administrative role with this password. An existing role keeps its password. Unset, no role is created. */
  adminPassword?: string | undefined
  /** The role of backups. @default 'app_backup', or the one that the database has */
  backupRole?: string | undefined
  /** Creates the role of backups with this password. An existing role keeps its password. Unset, no role is created. */
  backupPassword?: string | undefined
  /** The role that edits the tenant directory and does nothing else. @default 'app_directory', or the one that the database has */
  directoryRole?: string | undefined
  /** Creates the role of the directory with this password. An existing role keeps its password. Unset, no role is created. */
  directoryPassword?: string | undefined
  /** The role of `rowhouse worker`, which runs its tasks and does nothing else. @default 'app_worker', or the one that the database has */
  workerRole?: string | undefined
  /** Creates the role of the worker with this password. An existing role keeps its password. Unset, no role is created. */
  workerPassword?: string | undefined
  /**
   * The secrets whose signed tenant contexts the database accepts from now on. An empty array makes it accept unsigned ones
   * again. Unset, the database keeps its keys.
   */
  signingSecrets?: string[] | undefined
}

/** What a migration did. */
export interface Migrated extends Progress {
  servingRole: string
  /** Whether the serving role existed before, so that it kept its password. */
  foundServingRole: boolean
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
    const { shared = [], unreachable = [], tenantColumn = 'tenant_id' } = options
    try {
      assertRowSecurity(
        await inspectRowSecurity(connection, {
          role: migrated.servingRole,
          shared,
          unreachable,
          tenantColumn,
          allowPrivileged: true,
        }),
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
  { url, ...options }: MigrateOptions,
  inspect: (connection: Connection, migrated: Migrated) => Promise<T>,
  { asExisting = false } = {},
): Promise<T> {
  const session = openSession(url)
  const { connection } = session
  const progress: Progress = { applied: [], permanent: [] }
  try {
    await session.begin()
    await assertOnlyTrusted(connection, ownSchemas)
    await assertServerVersion(connection)
    await assertTenantIdType(connection, options.tenantId)
    const servingRole = await passSettings(connection, options)
    const found = await query(connection, 'select from pg_roles where rolname = $1', [servingRole])
    await applyProject(session, { ...options, servingRole }, progress, asExisting)
    await setRowSecurity(connection, 'on')
    const result = await inspect(connection, { ...progress, servingRole, foundServingRole: found.length > 0 })
    await connection.command('commit')
    return result
  } catch (error) {
    if (!(error instanceof MigrationError) || progress.permanent.length === 0) throw error
    throw new MigrationError(`${error.message}\n\n${stillThere(progress.permanent)}`, { cause: error })
  } finally {
    await connection.close()
  }
}

/**
 * Passes to the SQL files what they read with `current_setting()`.
 *
 * @returns the serving role
 */
async function passSettings(connection: Connection, options: Omit<MigrateOptions, 'url'>): Promise<string> {
  const { appRole, appPassword, adminPassword, backupPassword, directoryPassword, workerPassword } = options
  const { serving, admin, backup, directory, worker } = await roleNames(connection, {
    serving: appRole,
    admin: nameOrDefault('admin', options.adminRole, adminPassword),
    backup: nameOrDefault('backup', options.backupRole, backupPassword),
    directory: nameOrDefault('directory', options.directoryRole, directoryPassword),
    worker: nameOrDefault('worker', options.workerRole, workerPassword),
  })
  const settings = {
    ...{ app_role: serving, admin_role: admin, backup_role: backup, directory_role: directory },
    worker_role: worker,
    ...{ app_password: appPassword, admin_password: adminPassword, backup_password: backupPassword },
    ...{ directory_password: directoryPassword, worker_password: workerPassword },
    signing_keys: signingKeys(options.signingSecrets),
    tenant_id: options.tenantId,
  }
  for (const [name, value = ''] of Object.entries(settings))
    await query(connection, 'select set_config($1, $2, true)', [`rowhouse.${name}`, value])
  return serving
}

/** The format that sql/25-signed-context.sql reads. */
function signingKeys(secrets: string[] | undefined): string {
  if (secrets === undefined) return ''
  if (secrets.length === 0) return 'off'
  const keys = secrets.map(signingKeyOf)
  return keys.map(({ id, inner, outer }) => `${id}:${inner}:${outer}`).join(',')
}
