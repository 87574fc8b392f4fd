import { Command } from '@commander-js/extra-typings'
import { migrate } from '../../db/migrate.ts'
import { loadRowhouseConfig } from './config.ts'
import { databaseUrl } from './database-url.ts'
import { migrationsOption, sharedOption, sqlOption, tenantColumnOption } from './options.ts'

export const migrateCommand = new Command('migrate')
  .description('Prepare a database in one transaction: roles, functions, migrations, walls, and a last look at them.')
  .addOption(sqlOption)
  .addOption(migrationsOption)
  .addOption(sharedOption)
  .addOption(tenantColumnOption)
  .addHelpText(
    'after',
    `
DATABASE_OWNER_URL says where, as the owner. DATABASE_URL, when set, gives app_user its password.
Files of the SQL folder run in the order of their names, those below 40- before Drizzle's migrations.
Safe to run again, and from two places at once.

Example:
  DATABASE_OWNER_URL=postgres://owner:…@db/app DATABASE_URL=postgres://app_user:…@db/app rowhouse migrate`,
  )
  .action(async (flags) => {
    const { DATABASE_OWNER_URL: url, DATABASE_URL: servingUrl } = process.env
    if (!url) throw new Error('DATABASE_OWNER_URL is required: postgres://owner:password@host:5432/database')
    const serving = servingUrl ? new URL(databaseUrl(servingUrl, 'DATABASE_URL')) : undefined
    if (serving && decodeURIComponent(serving.username) !== 'app_user')
      throw new Error('DATABASE_URL must log in as app_user: that is the role that migrations prepare')
    const project = await loadRowhouseConfig(flags)
    const appPassword = serving && decodeURIComponent(serving.password)
    const applied = await migrate({ ...project, url: databaseUrl(url, 'DATABASE_OWNER_URL'), appPassword })
    console.log(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'The tables were up to date.')
    console.log('Every table of tenants stands behind its wall.')
  })
