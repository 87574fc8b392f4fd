import { type Rows, type Statement, type StatementResult, toRows } from './statement.ts'

/** The transaction status of a connection, from PostgreSQL's last ReadyForQuery message. */
export type Status = 'idle' | 'transaction' | 'failed'

/** Settings that a connection asks for when it logs in. */
export type LoginSettings = Readonly<Record<string, string>>

/** One connection to PostgreSQL, for one transaction at a time. */
export interface Connection {
  /**
   * Sends statements together, in one round trip. When one fails, PostgreSQL skips the rest and the promise rejects with
   * that failure.
   *
   * @param options `named`: whether PostgreSQL keeps the statements parsed, on a connection that allows it. @default true
   */
  send(statements: readonly Statement[], options?: { named?: boolean }): Promise<StatementResult[]>
  /** Sends statements without parameters as one message: BEGIN, COMMIT, ROLLBACK. Resolves with the result of the last one. */
  command(text: string): Promise<StatementResult>
  readonly status: Status
  /** Why this connection must not be used again: `lost`, `closed`, `copy`, or `notice` and the SQLSTATE of a warning. */
  readonly fault: string | undefined
  /** When the connection was opened, in milliseconds since the epoch. */
  readonly openedAt: number
  /** The settings that it logged in with, which a transaction must leave as they are. @default {} */
  readonly loginSettings?: LoginSettings
  close(): Promise<void>
}

/** Lends connections to the tenant database and the admin database: {@link createPool}, {@link connectionPerTransaction}. */
export interface ConnectionSource {
  /** @param holder the tenant of the transaction, for sources that share connections between tenants */
  acquire(holder?: string): Promise<Connection>
  release(connection: Connection): void
  /** Receives the COMMIT of a read, which `db.read` does not wait for: for runtimes that stop with the response. */
  waitUntil?(ending: Promise<void>): void
  /** Waits for the connections in use, then closes every connection. */
  close(): Promise<void>
}

/**
 * Sends one statement, unnamed, and waits for its rows.
 *
 * @throws ApiError SERVICE_UNAVAILABLE when the connection is lost; pg.DatabaseError when PostgreSQL refuses the statement
 * @example
 * const [row] = await query(connection, 'select current_user as role')
 */
export async function query(
  connection: Connection,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<Rows<Record<string, unknown>>> {
  const [result] = await connection.send([{ text, parameters }], { named: false })
  if (!result) throw new Error('PostgreSQL returned no result for a statement')
  return toRows(result)
}
