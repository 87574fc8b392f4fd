import { Command } from '@commander-js/extra-typings'
import { type Connection, query } from '../../../database/index.ts'
import { type Duration, durationOf } from '../../duration.ts'
import { type CommandIo, print } from '../../io.ts'
import { asOwner } from './owner.ts'

export const createPruneCommand = (io: CommandIo) =>
  new Command('prune')
    .description(
      'Drop the entries of months that ended before a time, and keep their hashes, with which the rest is verified.',
    )
    .requiredOption('--older-than <duration>', 'the time in hours or days, such as 400d (required)', durationOf)
    .option('--dry-run', 'print the months that it would drop, and drop nothing')
    .addHelpText(
      'after',
      `
Entries without a position stay: "rowhouse worker" gives them one. Each month is a transaction of its own, so that the command
can be interrupted and run again. Readers of the trail, an undo too, wait for moments; other writes do not.

Environment variables:
  DATABASE_OWNER_URL  the database, as its owner (default: dbCredentials.url of drizzle.config.ts)

Exit codes: 0 success, 2 the command could not run.

Example:
  ${io.runner.run} rowhouse audit prune --older-than 400d --dry-run`,
    )
    .action(({ olderThan, dryRun = false }) =>
      asOwner(io, async (connection) => {
        const months = await monthsBefore(connection, olderThan)
        if (dryRun) {
          for (const { name } of months) print(io, `Would drop ${name}`)
          print(io, 'Nothing was dropped.')
          return
        }
        let dropped = 0
        for (const { end } of months)
          for (const { name } of await query(
            connection,
            'select tenancy.prune_audit($1::pg_catalog.timestamptz) as name',
            [end],
          )) {
            dropped += 1
            print(io, `Dropped ${name}`)
          }
        if (dropped === 0) print(io, `No month ended more than ${olderThan.text} ago.`)
      }),
    )

/**
 * The months of the audit trail that ended before a time, oldest first: their partitions, and the beginning of the next month. Every name
 * has its schema, because this runs as the owner.
 */
const monthsBefore = (connection: Connection, { hours }: Duration) =>
  query(
    connection,
    `select name, pg_catalog.to_char(month + pg_catalog.make_interval(months => 1), 'YYYY-MM-DD"T00:00Z"') as end
    from (
      select relname::pg_catalog.text as name,
        pg_catalog.to_date(pg_catalog.right(relname::pg_catalog.text, 7), 'YYYY_MM')::pg_catalog.timestamp as month
      from pg_catalog.pg_inherits join pg_catalog.pg_class c on c.oid = inhrelid
      where inhparent = 'tenancy.audit_entries'::pg_catalog.regclass
        and relname::pg_catalog.text ~ '^audit_entries_\\d{4}_\\d{2}$') as months
    where month < pg_catalog.date_trunc('month',
      (pg_catalog.now() - pg_catalog.make_interval(hours => $1::pg_catalog.int4)) at time zone 'UTC')
    order by name`,
    [hours],
  )
