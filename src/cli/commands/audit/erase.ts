import { Command } from '@commander-js/extra-typings'
import { parseTenantId } from '../../../context/index.ts'
import { query } from '../../../database/index.ts'
import { findDatabaseError, OperatorError } from '../../../errors/index.ts'
import { countOf } from '../../count-of.ts'
import { type CommandIo, print } from '../../io.ts'
import { asOwner } from './owner.ts'

export const createEraseCommand = (io: CommandIo) =>
  new Command('erase')
    .description(
      'Erase what the audit trail says of one row: the values. Who did what when stays, and so does the proof.',
    )
    .requiredOption('--tenant <id>', 'the tenant (required)')
    .requiredOption('--resource <name>', 'the table, as in the entries, such as users (required)')
    .requiredOption('--target <id>', 'the primary key of the row, as in the entries (required)')
    .addHelpText(
      'after',
      `
The row itself, the trash, exports and backups stay as they are: delete the row with ?permanent=true first.

Environment variables:
  DATABASE_OWNER_URL  the database, as its owner (default: dbCredentials.url of drizzle.config.ts)

Exit codes: 0 success, 2 the command could not run.

Example:
  ${io.runner.run} rowhouse audit erase --tenant 550e8400-e29b-41d4-a716-446655440000 --resource users --target 01a223ac-3f2b-7451-bae8-eec8e1040417`,
    )
    .action(async ({ tenant, resource, target }) => {
      const [row] = await asOwner(io, (connection) =>
        query(connection, 'select tenancy.erase_audit_changes($1, $2, $3) as entries', [
          parseTenantId(tenant) ?? tenant,
          resource,
          target,
        ]).catch((error) => {
          throw isNoTenantId(error) ? new OperatorError(`--tenant ${tenant} is no id of a tenant here`) : error
        }),
      )
      print(io, `Erased the values of ${countOf(Number(row?.entries), 'entry', 'entries')} of ${resource} ${target}.`)
    })

/** A text that is no value of the type of the tenant ids (PostgreSQL, appendix A). */
const isNoTenantId = (error: unknown): boolean => ['22P02', '22003'].includes(findDatabaseError(error)?.sqlstate ?? '')
