import { Command } from '@commander-js/extra-typings'
import { OperatorError } from '../../errors/index.ts'
import { migrate } from '../../migrate/index.ts'
import { readSigningKeys } from '../../service/config/signing-keys.ts'
import { loadRowhouseConfig } from '../config.ts'
import { databaseUrl } from '../database-url.ts'
import { migrationsOption, sharedOption, sqlOption, tenantColumnOption } from '../options.ts'

export const migrateCommand = new Command('migrate')
  .description('Prepare a database in one transaction: roles, functions, migrations, walls, and a last look at them.')
  .addOption(sqlOption)
  .addOption(migrationsOption)
  .addOption(sharedOption)
  .addOption(tenantColumnOption)
  .addHelpText(
    'after',
    `
DATABASE_OWNER_URL says where, as the owner. DATABASE_URL, when set, gives app_user its password. DATABASE_ADMIN_URL, when
set, has app_admin made, with its password: the login of administrative work across tenants, as of "rowhouse tenant".
TENANT_SIGNING_KEY, when set, has the database take sealed tenants only: with these keys, and no others any more; "off" has it
take plain ones again. Left out, it stays as it is.
Files of the SQL folder run in the order of their names, those below 40- before Drizzle's migrations.
Safe to run again, and from two places at once.

Example:
  DATABASE_OWNER_URL=postgres://owner:…@db/app DATABASE_URL=postgres://app_user:…@db/app rowhouse migrate`,
  )
  .action(async (flags) => {
    const { DATABASE_OWNER_URL: url, DATABASE_URL: servingUrl, DATABASE_ADMIN_URL: adminUrl } = process.env
    if (!url) throw new OperatorError('DATABASE_OWNER_URL is required: postgres://owner:password@host:5432/database')
    const appPassword = passwordOf('app_user', servingUrl, 'DATABASE_URL')
    const adminPassword = passwordOf('app_admin', adminUrl, 'DATABASE_ADMIN_URL')
    if (adminPassword === '')
      throw new OperatorError('DATABASE_ADMIN_URL must have a password: the one that app_admin gets')
    const project = await loadRowhouseConfig(flags)
    const applied = await migrate({
      ...project,
      url: databaseUrl(url, 'DATABASE_OWNER_URL'),
      appPassword,
      adminPassword,
      signingSecrets: readSigningKeys(process.env.TENANT_SIGNING_KEY),
    })
    console.log(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'The tables were up to date.')
    console.log('Every table of tenants stands behind its wall.')
  })

/** @throws Error when a URL is that of another role than migrations prepare */
function passwordOf(role: string, url: string | undefined, name: string): string | undefined {
  if (!url) return undefined
  const { username, password } = new URL(databaseUrl(url, name))
  if (decodeURIComponent(username) === role) return decodeURIComponent(password)
  throw new OperatorError(`${name} must log in as ${role}: that is the role that migrations prepare`)
}
