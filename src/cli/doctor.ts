import { Command } from '@commander-js/extra-typings'
import { createWallCheck } from '../walls/index.ts'
import { loadRowhouseConfig } from './config.ts'
import { sharedOption, tenantColumnOption } from './options.ts'
import { report, withReport } from './report.ts'

export const doctorCommand = withReport(
  new Command('doctor')
    .description(
      'Look for holes in the walls of a live database, as the role that serves: any schema with a tenant column.',
    )
    .option('--url <url>', 'where to look; DATABASE_URL when left out')
    .option('--role <role>', 'the role that serves, where the login is another that may become it')
    .addOption(tenantColumnOption)
    .addOption(sharedOption),
)
  .addHelpText(
    'after',
    `
One line a finding: level, promise (docs/promises.md), object, what is wrong, what mends it. Nothing is changed, no row is read.

Examples:
  rowhouse doctor --url postgres://app_user:…@db/app
  rowhouse doctor --tenant-column org_id --shared public.countries --role web
  rowhouse doctor --format sarif > walls.sarif`,
  )
  .action(async ({ url = process.env.DATABASE_URL, role, format, json, strict, ...flags }) => {
    if (!url) throw new Error('Where? Set DATABASE_URL, or say --url postgres://app_user:password@host:5432/database')
    const { tenantColumn, shared } = await loadRowhouseConfig(flags)
    const walls = createWallCheck({ url, tenantColumn, shared, ...(role ? { role } : {}) })
    const start = performance.now()
    try {
      const findings = await walls.inspect()
      const { username, host, pathname } = new URL(url)
      const subject = `${role ?? decodeURIComponent(username)} on ${host}${decodeURIComponent(pathname)}`
      const milliseconds = performance.now() - start
      process.exitCode = report({ subject, findings, milliseconds, file: 'sql/40-walls.sql' }, { format, json, strict })
    } finally {
      await walls.close()
    }
  })
