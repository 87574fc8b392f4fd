import { Command } from '@commander-js/extra-typings'
import { type Connection, openConnection, query } from '../../database/index.ts'
import { findDatabaseError, OperatorError } from '../../errors/index.ts'
import { countOf } from '../count-of.ts'
import { type Duration, durationOf } from '../duration.ts'
import { type CommandIo, print } from '../io.ts'
import { findWorkerUrl } from '../worker-url.ts'

export const createPurgeCommand = (io: CommandIo) =>
  new Command('purge')
    .description('Delete rows from the trash for good, of all tenants, that have been there for longer than a time.')
    .requiredOption('--older-than <duration>', 'the time in hours or days, such as 12h or 30d (required)', durationOf)
    .option('--dry-run', 'print how many rows of each tenant it would delete, and delete nothing')
    .addHelpText(
      'after',
      `
It deletes 1,000 rows at a time, the oldest first. Run it again after an interruption: what it deleted stays deleted. The
audit trail of each tenant gets an entry for each time, with the number of its rows.

Environment variables:
  DATABASE_WORKER_URL  the database, as app_worker, which may do this and nothing else: "rowhouse migrate" creates it
  DATABASE_OWNER_URL   the database, as its owner, without the one above (default: dbCredentials.url of drizzle.config.ts)

Exit codes: 0 success, 2 the command could not run.

Examples:
  ${io.runner.run} rowhouse purge --older-than 30d --dry-run
  DATABASE_WORKER_URL=postgres://app_worker:…@db/app ${io.runner.run} rowhouse purge --older-than 30d`,
    )
    .action(async ({ olderThan, dryRun = false }) => {
      const { url } = await findWorkerUrl(io)
      const connection = openConnection({ url })
      try {
        await (dryRun ? count(connection, olderThan, io) : purge(connection, olderThan, io))
      } catch (error) {
        throw explained(error)
      } finally {
        await connection.close()
      }
    })

const batchSize = 1000

/** A batch is a transaction of its own. */
async function purge(connection: Connection, { text, hours }: Duration, io: CommandIo): Promise<void> {
  let rows = 0
  for (;;) {
    const [batch] = await query(
      connection,
      'select tenancy.purge_trash(pg_catalog.make_interval(hours => $1::pg_catalog.int4), $2::pg_catalog.int4) as rows',
      [hours, batchSize],
    )
    rows += Number(batch?.rows)
    if (Number(batch?.rows) < batchSize) break
  }
  print(io, `Deleted ${countOf(rows, 'row')} for good that had been in the trash for more than ${text}.`)
}

async function count(connection: Connection, { text, hours }: Duration, io: CommandIo): Promise<void> {
  const tenants = await query(
    connection,
    'select tenant_id as tenant, rows::text from tenancy.count_old_trash(pg_catalog.make_interval(hours => $1::pg_catalog.int4))',
    [hours],
  )
  const rows = tenants.reduce((sum, { rows }) => sum + Number(rows), 0)
  for (const tenant of tenants) print(io, `${String(tenant.tenant)}: ${countOf(Number(tenant.rows), 'row')}`)
  print(
    io,
    `Would delete ${countOf(rows, 'row')} for good that have been in the trash for more than ${text}. Nothing was deleted.`,
  )
}

const notMigrated = 'This database does not have the trash of this release: run "rowhouse migrate" first'
/** By SQLSTATE (PostgreSQL, appendix A). */
const messages: Record<string, string> = {
  '3F000': notMigrated,
  '42883': notMigrated,
  '42501':
    'This login may not purge the trash: log in as app_worker, which "rowhouse migrate" creates when DATABASE_WORKER_URL is set, or as ' +
    'the owner',
}

function explained(error: unknown): unknown {
  const message = messages[findDatabaseError(error)?.sqlstate ?? '']
  return message === undefined ? error : new OperatorError(message, { cause: error })
}
