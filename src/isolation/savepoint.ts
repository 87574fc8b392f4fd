import { type Connection, query } from '../database/index.ts'
import { findDatabaseError } from '../errors/index.ts'

/** The result of work that was rolled back, or the SQLSTATE that it failed with. */
export type Outcome<T> = { value: T } | { sqlstate: string }

/** SQLSTATEs of a policy that fails without a tenant and so shows nothing: unknown setting, failed cast, null value. */
export const failsClosed = (sqlstate: string): boolean => ['42704', '22P02', '22004'].includes(sqlstate)

/**
 * Runs work in a savepoint and rolls it back.
 *
 * @param timeout the statement_timeout, as PostgreSQL reads it
 */
export async function inSavepoint<T>(
  connection: Connection,
  work: () => Promise<T>,
  timeout = '1s',
): Promise<Outcome<T>> {
  await connection.command('savepoint probe')
  try {
    await query(connection, "select pg_catalog.set_config('statement_timeout', $1, true)", [timeout])
    return { value: await work() }
  } catch (error) {
    const sqlstate = findDatabaseError(error)?.sqlstate
    if (sqlstate === undefined) throw error
    return { sqlstate }
  } finally {
    await connection.command('rollback to savepoint probe')
  }
}

/** The first column of a query's rows, as text; null is the empty text. */
export async function firstColumn(connection: Connection, text: string, parameters: unknown[] = []): Promise<string[]> {
  const rows = await query(connection, text, parameters)
  return rows.map((row) => String(Object.values(row)[0] ?? ''))
}
