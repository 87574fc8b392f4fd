import { Command } from '@commander-js/extra-typings'
import { createCheckpointSigner, createSigningKey, type LogReport, verifyDatabase } from '../../audit/index.ts'
import { parseTenantId } from '../../context/index.ts'
import { openConnection } from '../../database/index.ts'
import { findDatabaseError, OperatorError } from '../../errors/index.ts'
import { escapedJson } from '../../text/index.ts'
import { readNotes, verifyFile } from '../audit-files.ts'
import { findSigner, verifierKeys } from '../audit-keys.ts'
import { type CommandIo, print } from '../io.ts'
import { logLine } from '../output/log-line.ts'
import { findOwnerUrl } from '../owner-url.ts'

export function createAuditCommand(io: CommandIo) {
  const run = `${io.runner.run} rowhouse audit`

  const verify = new Command('verify')
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
  DATABASE_OWNER_URL=postgres://owner:…@db/app ${run} verify --checkpoint saved.txt
  ${run} verify --export export.ndjson --checkpoint saved.txt --key rowhouse+1a2b3c4d+AQ…`,
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

  const key = new Command('key')
    .description('Print a new signing key, and the key that verifies what it signs.')
    .option('--verifier', 'print the key that verifies what AUDIT_SIGNING_KEY signs, and no new key')
    .addHelpText(
      'after',
      `
AUDIT_SIGNING_KEY is a secret of "rowhouse worker". Keep it out of the database and out of its backups. AUDIT_VERIFY_KEY is
no secret: give it to everybody who verifies.

Example:
  ${run} key > audit.env`,
    )
    .action(({ verifier = false }) => {
      const signer = verifier ? findSigner(io) : undefined
      if (verifier && !signer) throw new OperatorError('AUDIT_SIGNING_KEY is not set: set it to the key that signs')
      const created = createSigningKey()
      if (signer) print(io, signer.verifierKey)
      else
        print(
          io,
          `AUDIT_SIGNING_KEY=${created}\nAUDIT_VERIFY_KEY=${createCheckpointSigner({ key: created }).verifierKey}`,
        )
    })

  const audit = new Command('audit').description('Verify the audit trail, and make the key that signs it.')
  for (const command of [verify, key]) audit.addCommand(command)
  return audit.addHelpText('after', `\nExample:\n  ${run} verify --checkpoint saved.txt`)
}

interface Wanted {
  keys: readonly string[]
  checkpoints: readonly string[]
  tenant: string | undefined
}

async function* verifyStored(io: CommandIo, { keys, checkpoints, tenant }: Wanted) {
  const url = (await findOwnerUrl(io))?.url
  if (url === undefined)
    throw new OperatorError(
      'DATABASE_OWNER_URL is not set: set it to postgres://owner:password@host:5432/database, or give --export',
    )
  const connection = openConnection({ url })
  const tenantId = tenant === undefined ? undefined : (parseTenantId(tenant) ?? tenant)
  let found = 0
  try {
    for await (const report of verifyDatabase({ connection, keys, checkpoints, tenantId })) {
      found += 1
      yield report
    }
  } catch (error) {
    throw toOperatorError(error)
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

const notMigrated = 'This database does not have the audit trail of this release: run "rowhouse migrate" first'
/** By SQLSTATE (PostgreSQL, appendix A). */
const messages: Record<string, string> = {
  '3F000': notMigrated,
  '42883': notMigrated,
  '42P01': notMigrated,
  '42501': 'This login may not read the logs of all tenants: log in as the owner of the database',
}

function toOperatorError(error: unknown): unknown {
  const message = messages[findDatabaseError(error)?.sqlstate ?? '']
  return message === undefined ? error : new OperatorError(message, { cause: error })
}
