import { Command } from '@commander-js/extra-typings'
import { OperatorError } from '../../errors/index.ts'
import { createIsolationCheck } from '../../isolation/index.ts'
import { loadRowhouseConfig } from '../config.ts'
import { databaseUrl } from '../database-url.ts'
import type { CommandIo } from '../io.ts'
import { sharedOption, tenantColumnOption } from '../options.ts'
import { report, withReport } from '../output/report.ts'

export const createDoctorCommand = (io: CommandIo) =>
  withReport(
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
One line a finding: level, guarantee (docs/guarantees.md), object, what is wrong, what mends it. Nothing is changed, no row is read out.

Examples:
  rowhouse doctor --url postgres://app_user:…@db/app
  rowhouse doctor --tenant-column org_id --shared public.countries --role web
  rowhouse doctor --format sarif > isolation.sarif`,
    )
    .action(async ({ url: given, role, format, json, strict, ...flags }) => {
      const { DATABASE_URL } = io.env
      if (!given && !DATABASE_URL)
        throw new OperatorError('Where? Set DATABASE_URL, or say --url postgres://app_user:password@host:5432/database')
      const url = given ? databaseUrl(given, '--url') : databaseUrl(DATABASE_URL ?? '', 'DATABASE_URL')
      const { tenantColumn, shared } = await loadRowhouseConfig(flags, io.cwd)
      const isolation = createIsolationCheck({ url, tenantColumn, shared, ...(role ? { role } : {}) })
      const start = performance.now()
      try {
        const findings = await isolation.inspect().catch((error: unknown) => {
          throw notAllowed(error, role) ?? error
        })
        const { username, host, pathname } = new URL(url)
        const subject = `${role ?? decodeURIComponent(username)} on ${host}${decodeURIComponent(pathname)}`
        const milliseconds = performance.now() - start
        const seen = { subject, findings, milliseconds, file: 'sql/40-protected-tables.sql' }
        io.exitCode = report(io, seen, { format, json, strict })
      } finally {
        await isolation.close()
      }
    })

/** What the login may not do in a database that need not be ours: insufficient_privilege (PostgreSQL, appendix A). */
function notAllowed(error: unknown, role: string | undefined): Error | undefined {
  if (!(error instanceof Error && 'code' in error && error.code === '42501')) return undefined
  const remedy = role
    ? `Log in as ${role} itself, or as one that may become it: a member of it, or a superuser.`
    : 'Log in as the role that serves, or as one that may become it, and name that with --role.'
  return new OperatorError(`${error.message}\n${remedy}`, { cause: error })
}
