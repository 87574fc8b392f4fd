import { type Connection, openConnection } from '../../../database/index.ts'
import { findDatabaseError, OperatorError } from '../../../errors/index.ts'
import type { CommandIo } from '../../io.ts'
import { findOwnerUrl } from '../../owner-url.ts'

/**
 * Connects as the owner of the database.
 *
 * @param otherwise what else the user may do
 * @throws OperatorError without a URL
 */
export async function openAsOwner(io: CommandIo, otherwise = ''): Promise<Connection> {
  const url = (await findOwnerUrl(io))?.url
  if (url !== undefined) return openConnection({ url })
  throw new OperatorError(
    `DATABASE_OWNER_URL is not set: set it to postgres://owner:password@host:5432/database${otherwise}`,
  )
}

/** Runs statements as the owner of the database, and closes the connection. */
export async function asOwner<Result>(
  io: CommandIo,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await openAsOwner(io)
  try {
    return await work(connection)
  } catch (error) {
    throw explained(error)
  } finally {
    await connection.close()
  }
}

const notMigrated = 'This database does not have the audit trail of this release: run "rowhouse migrate" first'
/** By SQLSTATE (PostgreSQL, appendix A). */
const messages: Record<string, string> = {
  '3F000': notMigrated,
  '42883': notMigrated,
  '42P01': notMigrated,
  '42501': 'This login may not read the logs of all tenants: log in as the owner of the database',
  '55P03': 'Another transaction had a lock for more than a second: run the command again',
}

/** The error as a message for the user, where it has one. */
export function explained(error: unknown): unknown {
  const message = messages[findDatabaseError(error)?.sqlstate ?? '']
  return message === undefined ? error : new OperatorError(message, { cause: error })
}
