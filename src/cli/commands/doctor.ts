import { Command } from '@commander-js/extra-typings'
import { causesOf, OperatorError } from '../../errors/index.ts'
import { createIsolationCheck } from '../../isolation/index.ts'
import { parseDatabaseUrl } from '../../text/index.ts'
import { loadRowhouseConfig } from '../config.ts'
import { databaseUrl } from '../database-url.ts'
import { readDrizzleConfig } from '../drizzle-config.ts'
import type { CommandIo } from '../io.ts'
import { sharedOption, tenantColumnOption, unreachableOption } from '../options.ts'
import { report, withReport } from '../output/report.ts'
import { aggregateFindings } from '../schema/recording-findings.ts'

export const createDoctorCommand = (io: CommandIo) =>
  withReport(
    new Command('doctor')
      .description('Check the tenant isolation of a live database, as the serving role. Works with any schema.')
      .option(
        '--url <url>',
        'the database to inspect, for a URL without a password (default: DATABASE_URL, else dbCredentials.url of drizzle.config.ts)',
      )
      .option('--role <role>', 'the serving role, when the login is another role that may SET ROLE to it')
      .addOption(tenantColumnOption)
      .addOption(sharedOption)
      .addOption(unreachableOption),
  )
    .addHelpText(
      'after',
      `
Prints what it demonstrated by running a query, then a paragraph for each object: level, check id, problem and remedy.
docs/checks has a page for each id. With --format html, the report is one page, with a matrix of tables and commands.
The doctor changes nothing and prints no row.

A command line is no place for a password: other users of the machine see it in the list of processes. Set DATABASE_URL.

Examples:
  DATABASE_URL=postgres://app_user:…@db/app ${io.runner.run} rowhouse doctor
  ${io.runner.run} rowhouse doctor --tenant-column org_id --shared public.countries --role web
  ${io.runner.run} rowhouse doctor --format html > isolation.html`,
    )
    .action(async ({ url: given, role, format, json, strict, ...flags }) => {
      const url = given ? databaseUrl(given, '--url') : await urlOf(io)
      const { tenantColumn, shared, unreachable, tables: configured } = await loadRowhouseConfig(flags, io.cwd)
      const isolation = createIsolationCheck({ url, tenantColumn, shared, unreachable, ...(role ? { role } : {}) })
      const start = performance.now()
      try {
        const { findings: inspected, tables } = await isolation.report().catch((error: unknown) => {
          throw insufficientPrivilege(error, role) ?? otherServer(error, url) ?? error
        })
        const recordings = tables.flatMap(({ table, recording }) => (recording ? [[table, recording] as const] : []))
        const findings = [...inspected, ...aggregateFindings(new Map(recordings), configured)]
        const { user, host, port, database } = parseDatabaseUrl(url)
        const subject = `${role ?? user} on ${host}:${port}/${database}`
        const milliseconds = performance.now() - start
        const seen = { subject, findings, milliseconds, tables, file: 'sql/40-protected-tables.sql' }
        io.exitCode = report(io, seen, { format, json, strict })
      } finally {
        await isolation.close()
      }
    })

async function urlOf({ env: { DATABASE_URL }, cwd }: CommandIo): Promise<string> {
  if (DATABASE_URL) return databaseUrl(DATABASE_URL, 'DATABASE_URL')
  const url = (await readDrizzleConfig(cwd)).dbCredentials?.url
  if (url) return databaseUrl(url, 'dbCredentials.url of drizzle.config')
  throw new OperatorError('DATABASE_URL is not set: set it to postgres://app_user:password@host:5432/database')
}

/** The remedy for 42501, insufficient_privilege (PostgreSQL, appendix A). */
function insufficientPrivilege(error: unknown, role: string | undefined): Error | undefined {
  if (!(error instanceof Error && 'code' in error && error.code === '42501')) return undefined
  const remedy = role
    ? `Log in as ${role} itself, or as a role that may SET ROLE to it: one of its members, or a superuser.`
    : 'Log in as the serving role, or as a role that may SET ROLE to it, and name the serving role with --role.'
  return new OperatorError(`${error.message}\n${remedy}`, { cause: error })
}

/** The remedy for an address where something other than PostgreSQL listens: it ends the connection during the login. */
function otherServer(error: unknown, url: string): Error | undefined {
  if (!causesOf(error).some(({ message }) => message === 'Connection terminated unexpectedly')) return undefined
  const { host, port } = parseDatabaseUrl(url)
  const message = `${host}:${port} does not answer as PostgreSQL: correct the host and the port`
  return new OperatorError(message, { cause: error })
}
