import { type Connection, query } from '../database/index.ts'
import { breakpoint, MigrationError, outsideComment } from './read-migrations.ts'

/** Sentences for the operator, by SQLSTATE (PostgreSQL, appendix A). */
export type Remedies = Record<string, string>

// insufficient_privilege
export const ownerRemedies: Remedies = { '42501': 'DATABASE_OWNER_URL must log in as the owner of the database.' }

const remedyOfEnum =
  'PostgreSQL cannot use a new enum value in the transaction that adds it. ' +
  `Begin the migration that adds the value with the line "${outsideComment}". The line does not count as a change of it.`
const commonRemedies = { '55P04': remedyOfEnum }
const remediesInside: Remedies = {
  ...commonRemedies,
  '25001': `Begin the migration with the line "${outsideComment}".`,
}
export const remediesOutside: Remedies = {
  ...commonRemedies,
  '25001': `Write "${breakpoint}" between the statements.`,
}
const remedyOfRows =
  'Row-level security applies to the owner too, so the statement would miss rows. Run it on the rows of all tenants: ' +
  "select tenancy.for_all_tenants($$ … $$, 'public.first_table', 'public.second_table');"

/**
 * Runs the statements of a file in the transaction of the migration.
 *
 * @param where the name of the file
 * @throws MigrationError with the failing statement, or when the file ends the transaction
 */
export async function runStatements(
  connection: Connection,
  where: string,
  statements: string[],
  remedies: Remedies,
): Promise<void> {
  const transaction = await transactionOf(connection)
  for (const [index, statement] of statements.entries()) {
    const isFree = await isForeignKeyOfEmptyTable(connection, statement)
    if (isFree) await setRowSecurity(connection, 'on')
    await connection.command(statement).catch((error: unknown) => {
      throw statementError(where, index, statement, error, { ...remedies, ...remediesInside })
    })
    if (isFree) await setRowSecurity(connection, 'off')
  }
  if ((await transactionOf(connection)) !== transaction) throw await endedTransaction(connection, where, transaction)
}

/**
 * `off` makes a statement fail that row-level security would filter. Where FORCE binds the owner, it would succeed and miss rows.
 */
export const setRowSecurity = (connection: Connection, value: 'on' | 'off'): Promise<unknown> =>
  query(connection, "select pg_catalog.set_config('row_security', $1, true)", [value])

const identifier = '(?:"(?:[^"]|"")+"|[\\w$]+)'
const foreignKey = new RegExp(
  `^\\s*alter\\s+table\\s+(?:only\\s+)?(${identifier}(?:\\.${identifier})?)\\s+add\\b[^;]*\\breferences\\b[^;]*;?\\s*$`,
  'i',
)

/**
 * PostgreSQL compares the rows of both tables for a new foreign key, under row-level security. There is nothing to miss when the
 * referencing table is empty, as the table of a new migration is.
 */
async function isForeignKeyOfEmptyTable(connection: Connection, statement: string): Promise<boolean> {
  const [, table] = foreignKey.exec(statement) ?? []
  if (table === undefined) return false
  const size = 'select pg_catalog.pg_relation_size(pg_catalog.to_regclass($1::text)) operator(pg_catalog.=) 0 as empty'
  return (await query(connection, size, [table]))[0]?.empty === true
}

/** @param more further lines of the message */
export function statementError(
  where: string,
  index: number,
  statement: string,
  error: unknown,
  remedies: Remedies,
  more: string[] = [],
): MigrationError {
  const message = error instanceof Error ? error.message : String(error)
  const remedy = isFiltered(error) ? remedyOfRows : remedies[codeOf(error)]
  const lines = [`${where}, statement ${index + 1}: ${message}`, ...(remedy ? [remedy] : []), ...more]
  return new MigrationError([...lines, '', statement.trim()].join('\n'), { cause: error })
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
/** The routine, because servers translate messages. */
const isFiltered = (error: unknown): boolean =>
  error instanceof Error && 'routine' in error && error.routine === 'check_enable_rls'

const transactionOf = async (connection: Connection): Promise<string> =>
  String((await query(connection, 'select pg_catalog.pg_current_xact_id() as id'))[0]?.id)

async function endedTransaction(connection: Connection, where: string, transaction: string): Promise<MigrationError> {
  const status = 'select pg_catalog.pg_xact_status($1::pg_catalog.text::pg_catalog.xid8) as status'
  const [row] = await query(connection, status, [transaction])
  const [effect, command] =
    row?.status === 'committed'
      ? ['its changes and those of the files before it are permanent', 'COMMIT']
      : ['all changes before it are undone, and changes after it are permanent', 'ROLLBACK']
  return new MigrationError(
    `${where} ends the transaction of the migration: ${effect}. Remove ${command} from the file.`,
  )
}
