import { type Rows, type Statement, type StatementResult, toRows } from './statement.ts'

/** The transaction status of a connection, from PostgreSQL's last ReadyForQuery message. */
export type Status = 'idle' | 'transaction' | 'failed'

/** Settings that a connection asks for when it logs in. */
export type LoginSettings = Readonly<Record<string, string>>

/** The results of one message, or the error of PostgreSQL, with the state of its connection behind it. */
export interface Reply {
  results: StatementResult[]
  error: Error | undefined
  status: Status
  fault: string | undefined
}

/** A message that is a transaction of its own, with the callbacks for its reply and for a connection that failed. */
export interface WholeMessage {
  statements: readonly Statement[]
  resolve(reply: Reply): void
  reject(error: unknown): void
}

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
  /**
   * Why this connection must not be used again: `lost`, `closed`, `copy`, `protocol` for a message that cannot be read, or
   * `notice` and the SQLSTATE of a warning.
   */
  readonly fault: string | undefined
  /** When the connection was opened, in milliseconds since the epoch. */
  readonly openedAt: number
  /** The settings that it logged in with, which a transaction must leave as they are. @default {} */
  readonly loginSettings?: LoginSettings
  close(): Promise<void>
}

/** A connection that can run transactions of different tenants in one socket write. */
export interface SideBySideConnection extends Connection {
  /**
   * Sends transactions that are one message each. PostgreSQL runs them in their order, and the failure of one does not concern the
   * others. A callback is called as soon as its own reply has arrived.
   */
  sendSideBySide(messages: readonly WholeMessage[]): void
  /** Whether PostgreSQL keeps all of these statements parsed on this connection. */
  hasParsed(statements: readonly Statement[]): boolean
}

/** A transaction that is one message, for the connection that is free first. */
export interface WholeTransaction {
  /** The tenant. */
  holder: string | undefined
  /** The text of its query, by which slow ones are known. */
  text: string
  /** Whether it changes rows: it may wait for a lock or the disk. */
  isWrite: boolean
  /**
   * The statements of its message. Called when it is sent, because a signature in it has a lifetime.
   *
   * @throws what ends the transaction instead: nothing is sent
   */
  statements(): readonly Statement[]
  /** Whether PostgreSQL confirmed the settings. When it did not, the connection is closed before another transaction gets it. */
  isConfirmed(reply: Reply): boolean
}

/** The reply to a transaction, and what closes its connection. */
export interface WholeReply extends Reply {
  close(): Promise<void>
}

/** Lends connections to the tenant database and the admin database: {@link createPool}, {@link connectionPerTransaction}. */
export interface ConnectionSource {
  /** @param holder the tenant of the transaction, for sources that share connections between tenants */
  acquire(holder?: string): Promise<Connection>
  release(connection: Connection): void
  /**
   * Sends a transaction that is one message, whose texts are all `prepared`. Others may go in the same socket write.
   *
   * @throws ApiError SERVICE_UNAVAILABLE as `acquire` and `send` do
   */
  sendWhole?(transaction: WholeTransaction): Promise<WholeReply>
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
