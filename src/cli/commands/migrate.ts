import { relative } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { OperatorError } from '../../errors/index.ts'
import { sqlVersion } from '../../isolation/index.ts'
import { type Migrated, migrateAndReport, readSqlVersion } from '../../migrate/index.ts'
import { readSigningKeys } from '../../service/config/signing-keys.ts'
import { escapedLines } from '../../text/index.ts'
import { loadRowhouseConfig, requireFolders } from '../config.ts'
import { type CommandIo, print } from '../io.ts'
import { assertPasswords, type Login, loginProblem, readLogin } from '../logins.ts'
import {
  migrationsOption,
  sharedOption,
  sqlOption,
  tenantColumnOption,
  tenantIdOption,
  unreachableOption,
} from '../options.ts'
import { identifier } from '../output/sql-text.ts'
import { findOwnerUrl } from '../owner-url.ts'
import { withRunner } from '../runner.ts'

export const createMigrateCommand = (io: CommandIo) =>
  new Command('migrate')
    .description('Prepare a database in one transaction: roles, SQL, Drizzle migrations, and an isolation check.')
    .addOption(sqlOption)
    .addOption(migrationsOption)
    .addOption(sharedOption)
    .addOption(unreachableOption)
    .addOption(tenantColumnOption)
    .addOption(tenantIdOption)
    .addHelpText(
      'after',
      `
The command is safe to repeat and to run from several places at once. It runs the files of the SQL folder in the order of
their names: the files before 40- run before the Drizzle migrations, the others after. The transaction is rolled back
when a table is not protected. A migration that begins with "-- rowhouse: no transaction" runs between two transactions.

Environment variables:
  DATABASE_OWNER_URL   the database, as its owner (default: dbCredentials.url of drizzle.config.ts)
  DATABASE_URL         the login of the service: creates its role with this password
  DATABASE_ADMIN_URL   the login of administrative work, such as "rowhouse tenant": creates its role with this password
  DATABASE_DIRECTORY_URL  the login that edits the tenant directory and does nothing else: creates its role with this password
  DATABASE_WORKER_URL  the login of "rowhouse worker", which does nothing else: creates its role with this password
  DATABASE_BACKUP_URL  the login of pg_dump: creates its role with this password
  TENANT_SIGNING_KEY   the keys whose signed tenant contexts the database accepts; "off" makes it accept unsigned ones
                       again. Unset, the database keeps its keys.

Example:
  DATABASE_OWNER_URL=postgres://owner:…@db/app DATABASE_URL=postgres://app_user:…@db/app ${io.runner.run} rowhouse migrate`,
    )
    .action(async (flags) => {
      const { DATABASE_URL, DATABASE_ADMIN_URL, DATABASE_BACKUP_URL, DATABASE_DIRECTORY_URL } = io.env
      const { DATABASE_WORKER_URL } = io.env
      const owner = await findOwnerUrl(io)
      if (owner === undefined)
        throw new OperatorError('DATABASE_OWNER_URL is not set: set it to postgres://owner:password@host:5432/database')
      const ownerUrl = owner.url
      const app = readLogin('DATABASE_URL', DATABASE_URL, 'app_user')
      const admin = withPassword(readLogin('DATABASE_ADMIN_URL', DATABASE_ADMIN_URL, 'app_admin'))
      const backup = withPassword(readLogin('DATABASE_BACKUP_URL', DATABASE_BACKUP_URL, 'app_backup'))
      const directory = withPassword(readLogin('DATABASE_DIRECTORY_URL', DATABASE_DIRECTORY_URL, 'app_directory'))
      const worker = withPassword(readLogin('DATABASE_WORKER_URL', DATABASE_WORKER_URL, 'app_worker'))
      const logins = [app, admin, backup, directory, worker].filter((login) => login !== undefined)
      const project = await loadRowhouseConfig(flags, io.cwd)
      requireFolders(project)
      await assertPasswords(ownerUrl, logins)
      const migrated = await migrateAndReport({
        ...project,
        url: ownerUrl,
        ...{ appRole: app?.role, appPassword: app?.password },
        ...{ adminRole: admin?.role, adminPassword: admin?.password },
        ...{ backupRole: backup?.role, backupPassword: backup?.password },
        ...{ directoryRole: directory?.role, directoryPassword: directory?.password },
        ...{ workerRole: worker?.role, workerPassword: worker?.password },
        signingSecrets: readSigningKeys(io.env.TENANT_SIGNING_KEY),
      })
      const { applied } = migrated
      print(io, applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'There was no new migration.')
      print(io, 'Every table with a tenant column is protected by row-level security.')
      if (app === undefined) print(io, withoutLogin(migrated))
      const version = await readSqlVersion(project.sql)
      if (version < sqlVersion) print(io, withRunner(olderFiles(relative(io.cwd, project.sql), version), io.runner))
      for (const login of logins) {
        const problem = await loginProblem(login)
        if (problem === undefined) print(io, `The login of ${login.variable} works: ${login.role}.`)
        else {
          io.stderr.write(`${escapedLines(problem)}\n`)
          io.exitCode = 1
        }
      }
    })

const olderFiles = (sql: string, version: number): string =>
  `${sql} has version ${version} of the SQL, and this release brings version ${sqlVersion}: run "rowhouse upgrade", and migrate again.`

const withoutLogin = ({ servingRole, foundServingRole }: Migrated): string =>
  foundServingRole
    ? `${servingRole} existed: its password was not changed.`
    : `DATABASE_URL is not set: ${servingRole} has no password yet. Set one: alter role ${identifier(servingRole)} password '…';`

/** @throws OperatorError when the URL has no password */
function withPassword(login: Login | undefined): Login | undefined {
  if (login?.password === '')
    throw new OperatorError(`${login.variable} must have a password: the role ${login.role} is created with it`)
  return login
}
