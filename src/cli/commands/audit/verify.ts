import { Command } from '@commander-js/extra-typings'
import { type LogReport, verifyDatabase } from '../../../audit/index.ts'
import { parseTenantId } from '../../../context/index.ts'
import { OperatorError } from '../../../errors/index.ts'
import { escapedJson } from '../../../text/index.ts'
import { readNotes, verifyFile } from '../../audit-files.ts'
import { verifierKeys } from '../../audit-keys.ts'
import { type CommandIo, print } from '../../io.ts'
import { logLine } from '../../output/log-line.ts'
import { explained, openAsOwner } from './owner.ts'

export const createVerifyCommand = (io: CommandIo) =>
  new Command('verify')
    .description('Verify the audit trail of each tenant: in a database, or in an exported file.')
    .option('--export <file>', 'an export of one tenant, as NDJSON: no database is needed')
    .option('--checkpoint <file...>', 'checkpoints that were kept outside of the database')
    .option(
      '--key <vkey...>',
      'the keys that verify the checkpoints (default: AUDIT_VERIFY_KEY, else that of AUDIT_SIGNING_KEY)',
    )
    .option('--tenant <id>', 'the only tenant of the database to verify')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A line for each tenant says that its log is as it was when its checkpoints were signed, or what is wrong at which
positions. docs/audit-proof.md says what this proves.

Environment variables:
  DATABASE_OWNER_URL  the database, as its owner (default: dbCredentials.url of drizzle.config.ts)
  AUDIT_VERIFY_KEY    the keys that verify the checkpoints, with spaces between them
  AUDIT_SIGNING_KEY   the key that signs them, without the one above

Exit codes: 0 nothing is wrong, 1 something is, 2 the command could not run.

Examples:
  DATABASE_OWNER_URL=postgres://owner:…@db/app ${io.runner.run} rowhouse audit verify --checkpoint saved.txt
  ${io.runner.run} rowhouse audit verify --export export.ndjson --checkpoint saved.txt --key rowhouse+1a2b3c4d+AQ…`,
    )
    .action(async ({ export: file, checkpoint: paths = [], key, tenant, json = false }) => {
      const keys = verifierKeys(io, key)
      if (file !== undefined && tenant !== undefined)
        throw new OperatorError('--tenant is for a database: the checkpoint names the tenant of an export')
      const checkpoints = await readNotes(io, paths)
      const reports =
        file === undefined
          ? verifyStored(io, { keys, checkpoints, tenant })
          : [verifyFile(io, file, { keys, checkpoints })]
      await printReports(io, reports, json)
    })

interface Wanted {
  keys: readonly string[]
  checkpoints: readonly string[]
  tenant: string | undefined
}

async function* verifyStored(io: CommandIo, { keys, checkpoints, tenant }: Wanted) {
  const connection = await openAsOwner(io, ', or give --export')
  const tenantId = tenant === undefined ? undefined : (parseTenantId(tenant) ?? tenant)
  let found = 0
  try {
    for await (const report of verifyDatabase({ connection, keys, checkpoints, tenantId })) {
      found += 1
      yield report
    }
  } catch (error) {
    throw explained(error)
  } finally {
    await connection.close()
  }
  if (found === 0 && tenant !== undefined) throw new OperatorError(`Tenant ${tenant} has no log and no checkpoint`)
}

async function printReports(
  io: CommandIo,
  reports: AsyncIterable<LogReport> | Iterable<Promise<LogReport>>,
  json: boolean,
): Promise<void> {
  const all: LogReport[] = []
  for await (const report of reports) {
    if (report.problem) io.exitCode = 1
    if (json) all.push(report)
    else print(io, logLine(report))
  }
  if (json) print(io, escapedJson(JSON.stringify({ logs: all.map(withNull) }, undefined, 2)))
}

/** JSON has no undefined. */
const withNull = (report: LogReport) => ({ ...report, problem: report.problem ?? null })
