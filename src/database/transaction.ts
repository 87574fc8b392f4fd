import { callListener } from '../errors/internal.ts'
import type { Hooks } from './after-commit.ts'
import { cleaning, cleanRollback, failureOfCleaning } from './cleaning.ts'
import type { Connection, ConnectionSource } from './connection.ts'
import type { Drizzle } from './drizzle.ts'
import { ending, idOf, ViolatedProtocol } from './ending.ts'
import { Exchange, isNotice } from './exchange.ts'
import { SettingsNotConfirmed } from './not-confirmed.ts'
import type { Opening } from './opening.ts'
import type { QueryLogging } from './query-logger.ts'
import { type HandleContext, TransactionHandle } from './transaction-handle.ts'

/** Begins a transaction that sees one snapshot and writes nothing. */
export const beginRead = 'begin isolation level repeatable read read only'

export interface TransactionOptions {
  connections: ConnectionSource
  context: HandleContext
  opening: Opening
  drizzle: Drizzle
  logging: QueryLogging | undefined
  /** Whether the transaction may change rows. */
  isWrite: boolean
  /** Whether PostgreSQL keeps the queries parsed under names. */
  named: boolean
  /** Whether the caller gets the result of the work without waiting for COMMIT: what one snapshot showed stays true. */
  resolvesBeforeCommit: boolean
  /** Called with the id of a transaction that changed rows. Without it, the id is not queried. */
  onCommit?: ((transactionId: string) => void) | undefined
  /** Called after COMMIT and the release of the connection, with what `tx.afterCommit` registered. */
  afterCommit?: ((hooks: Hooks) => void) | undefined
  /** Called after a connection was closed because of a protocol violation. Its own error is ignored. */
  onProtocolViolation?: ((what: string) => unknown) | undefined
}

/**
 * Runs work in one transaction: hands out a handle, then commits or rolls back and releases the connection. A transaction whose
 * work sends no query takes no connection.
 *
 * @throws the first failure: of the work, of a query or of COMMIT
 */
export async function runTransaction<T>(
  options: TransactionOptions,
  work: (handle: TransactionHandle) => Promise<T>,
): Promise<T> {
  const { connections, context, opening, named, isWrite, onCommit, resolvesBeforeCommit } = options
  const { drizzle, logging } = options
  const { endsWithQueries } = opening
  const { tenantId: holder } = context
  const exchange = new Exchange({ connections, holder, opening, named, isWrite, withId: onCommit !== undefined })
  const handle = new TransactionHandle(exchange, context, { drizzle, logging, endsWithQueries })
  let outcome: { value: T } | { reason: unknown }
  try {
    outcome = { value: await work(handle) }
  } catch (reason) {
    outcome = { reason }
    handle.fail(reason)
  }
  handle.checkFinished()
  const ending = end(exchange, handle, options)
  if (resolvesBeforeCommit && handle.firstCause === undefined) connections.waitUntil?.(ending)
  else await ending
  if ('reason' in outcome) throw outcome.reason
  if (handle.firstCause) throw handle.firstCause
  return outcome.value
}

/** Ends the transaction, once no query is pending, and releases its connection. */
async function end(exchange: Exchange, handle: TransactionHandle, options: TransactionOptions): Promise<void> {
  await handle.revoke()
  const { connection } = exchange
  try {
    await endOn(connection, exchange, handle, options)
  } finally {
    if (connection) await release(connection, options.connections)
  }
  // The mapping of returned queries can fail behind COMMIT.
  const isCommitted = exchange.isCommitted || handle.firstCause === undefined
  const { hooks } = handle.scope
  if (isCommitted && hooks.length > 0) options.afterCommit?.(hooks)
}

/** Commits or rolls back. */
async function endOn(
  connection: Connection | undefined,
  exchange: Exchange,
  handle: TransactionHandle,
  options: TransactionOptions,
): Promise<void> {
  const violation = violationOf(exchange, handle)
  if (violation !== undefined) {
    handle.fail(new ViolatedProtocol(violation))
    return await destroy(exchange, violation, options)
  }
  // No query was sent, or its message ended the transaction.
  if (!connection || !exchange.isOpen) return reportId(exchange.transactionId, options)
  if (handle.firstCause) return await rollback(connection, exchange)
  try {
    await commit(connection, exchange, handle, options)
  } catch (error) {
    handle.fail(error)
    if (connection.status !== 'idle') await rollback(connection, exchange) // COMMIT was not reached
  }
}

function violationOf({ isOpen, lastSeen }: Exchange, { firstCause: cause }: TransactionHandle): string | undefined {
  if (cause instanceof SettingsNotConfirmed) return cause.message
  if (cause instanceof ViolatedProtocol) return cause.what
  if (!lastSeen) return undefined
  const { fault, status } = lastSeen
  if (!isOpen && fault === undefined && status !== 'idle')
    return 'a transaction was open behind a message without BEGIN'
  return isNotice(fault) ? `${fault} at begin` : undefined
}

async function commit(
  connection: Connection,
  exchange: Exchange,
  handle: TransactionHandle,
  options: TransactionOptions,
): Promise<void> {
  const { command, transactionId } = await sendCommit(connection, exchange, options.onCommit !== undefined)
  const { fault } = connection
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK. A connection that is lost after COMMIT has committed.
  if (command === 'COMMIT' && !isNotice(fault)) return reportId(transactionId, options)
  const violation = command === 'COMMIT' ? `${fault} at commit` : `COMMIT was answered with ${command}`
  handle.fail(new ViolatedProtocol(violation))
  await destroy(exchange, violation, options)
}

async function sendCommit(connection: Connection, { mayLeaveState }: Exchange, withId: boolean) {
  const statements = ending(withId, mayLeaveState ? cleaning(connection.loginSettings) : [])
  try {
    if (!withId) {
      const { command } = await connection.command(statements.map(({ text }) => text).join('; '))
      return { command, transactionId: undefined }
    }
    const results = await connection.send(statements)
    return { command: results.at(-1)?.command, transactionId: idOf(results[0]) }
  } catch (error) {
    throw mayLeaveState ? failureOfCleaning(error, statements.length - 2) : error
  }
}

function reportId(transactionId: string | undefined, { onCommit }: TransactionOptions): void {
  if (transactionId !== undefined) onCommit?.(transactionId)
}

async function destroy({ lastSeen }: Exchange, what: string, options: TransactionOptions): Promise<void> {
  await lastSeen?.close() // first: a listener must not see, or keep, a connection that the next tenant could get
  callListener(() => options.onProtocolViolation?.(what))
}

async function rollback(connection: Connection, { mayLeaveState }: Exchange): Promise<void> {
  try {
    await connection.command(mayLeaveState ? cleanRollback(connection.loginSettings) : 'rollback')
  } catch {
    await connection.close() // the caller gets the first cause, not the failure of ROLLBACK
  }
}

async function release(connection: Connection, connections: ConnectionSource): Promise<void> {
  // The next transaction of this connection must not run inside this one.
  if (connection.status !== 'idle') await connection.close()
  connections.release(connection)
}
