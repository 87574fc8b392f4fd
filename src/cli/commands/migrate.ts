import { Command } from '@commander-js/extra-typings'
import { OperatorError } from '../../errors/index.ts'
import { migrateAndReport } from '../../migrate/index.ts'
import { readSigningKeys } from '../../service/config/signing-keys.ts'
import { parseDatabaseUrl } from '../../text/index.ts'
import { loadRowhouseConfig, requireFolders } from '../config.ts'
import { databaseUrl } from '../database-url.ts'
import { type CommandIo, print } from '../io.ts'
import { migrationsOption, sharedOption, sqlOption, tenantColumnOption } from '../options.ts'

export const createMigrateCommand = (io: CommandIo) =>
  new Command('migrate')
    .description('Prepare a database in one transaction: roles, SQL, Drizzle migrations, and an isolation check.')
    .addOption(sqlOption)
    .addOption(migrationsOption)
    .addOption(sharedOption)
    .addOption(tenantColumnOption)
    .addHelpText(
      'after',
      `
The command is safe to repeat and to run from several places at once. It runs the files of the SQL folder in the order of
their names: the files before 40- run before the Drizzle migrations, the others after. The transaction is rolled back
when a table is not protected. A migration that begins with "-- rowhouse: no transaction" runs between two transactions.

Environment variables:
  DATABASE_OWNER_URL   the database, as its owner (required)
  DATABASE_URL         the login of the service: creates app_user with this password
  DATABASE_ADMIN_URL   the login of administrative work, such as "rowhouse tenant": creates app_admin with this password
  DATABASE_BACKUP_URL  the login of pg_dump: creates app_backup with this password
  TENANT_SIGNING_KEY   the keys whose signed tenant contexts the database accepts; "off" makes it accept unsigned ones
                       again. Unset, the database keeps its keys.

Example:
  DATABASE_OWNER_URL=postgres://owner:…@db/app DATABASE_URL=postgres://app_user:…@db/app bunx rowhouse migrate`,
    )
    .action(async (flags) => {
      const { DATABASE_OWNER_URL: url, DATABASE_URL: servingUrl } = io.env
      const { DATABASE_ADMIN_URL: adminUrl, DATABASE_BACKUP_URL: backupUrl } = io.env
      if (!url)
        throw new OperatorError('DATABASE_OWNER_URL is not set: set it to postgres://owner:password@host:5432/database')
      const appPassword = passwordOf('app_user', servingUrl, 'DATABASE_URL')
      const adminPassword = requiredPasswordOf('app_admin', adminUrl, 'DATABASE_ADMIN_URL')
      const backupPassword = requiredPasswordOf('app_backup', backupUrl, 'DATABASE_BACKUP_URL')
      const project = await loadRowhouseConfig(flags, io.cwd)
      requireFolders(project)
      const { applied, foundAppUser } = await migrateAndReport({
        ...project,
        url: databaseUrl(url, 'DATABASE_OWNER_URL'),
        appPassword,
        adminPassword,
        backupPassword,
        signingSecrets: readSigningKeys(io.env.TENANT_SIGNING_KEY),
      })
      print(io, applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'There was no new migration.')
      print(io, 'Every table with a tenant column is protected by row-level security.')
      if (foundAppUser) print(io, 'app_user existed: its password was not changed.')
      else if (!appPassword)
        print(
          io,
          `DATABASE_URL ${servingUrl ? 'has no password' : 'is not set'}: app_user has no password yet. ` +
            `Set one: alter role app_user password '…';`,
        )
    })

/** @throws OperatorError when the URL logs in as another role than `role` */
function passwordOf(role: string, url: string | undefined, name: string): string | undefined {
  if (!url) return undefined
  const { user, password } = parseDatabaseUrl(databaseUrl(url, name))
  // Supabase's pooler takes the project from the user: app_user.abcdefghijklmnopqrst
  if (user === role || (user.startsWith(`${role}.`) && /^\w+$/.test(user.slice(role.length + 1)))) return password
  throw new OperatorError(`${name} must log in as ${role}: migrations prepare that role`)
}

/** @throws OperatorError also when the URL has no password */
function requiredPasswordOf(role: string, url: string | undefined, name: string): string | undefined {
  const password = passwordOf(role, url, name)
  if (password === '') throw new OperatorError(`${name} must have a password: the role ${role} is created with it`)
  return password
}
