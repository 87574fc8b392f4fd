import { callListener } from '../errors/internal.ts'
import { cleaning, cleanRollback, failureOfCleaning } from './cleaning.ts'
import type { Connection, ConnectionSource } from './connection.ts'
import { ending, idOf, ViolatedProtocol } from './ending.ts'
import { SettingsNotConfirmed } from './not-confirmed.ts'
import type { Opening } from './opening.ts'
import { type HandleContext, TransactionHandle } from './transaction-handle.ts'

/** Begins a transaction that sees one snapshot and writes nothing. */
export const beginRead = 'begin isolation level repeatable read read only'

export interface TransactionOptions {
  connections: ConnectionSource
  context: HandleContext
  /** Called after a connection is acquired: a signature in it has a lifetime. */
  openingOf(): Opening
  /** Whether PostgreSQL keeps the queries parsed under names. */
  named: boolean
  /** Whether the caller gets the result of the work without waiting for COMMIT: what one snapshot showed stays true. */
  resolvesBeforeCommit: boolean
  /** Called with the id of a transaction that changed rows. Without it, the id is not queried. */
  onCommit?: ((transactionId: string) => void) | undefined
  /** Called after a connection was closed because of a protocol violation. Its own error is ignored. */
  onProtocolViolation?: ((what: string) => unknown) | undefined
}

/**
 * Runs work in one transaction: acquires a connection, hands out a handle, then commits or rolls back and releases the
 * connection. A transaction whose work sends no query is never opened.
 *
 * @throws the first failure: of the work, of a query or of COMMIT
 */
export async function runTransaction<T>(
  options: TransactionOptions,
  work: (handle: TransactionHandle) => Promise<T>,
): Promise<T> {
  const { connections, resolvesBeforeCommit } = options
  const connection = await connections.acquire(options.context.tenantId)
  const handle = await openHandle(connection, options)
  let outcome: { value: T } | { reason: unknown }
  try {
    outcome = { value: await work(handle) }
  } catch (reason) {
    outcome = { reason }
    handle.fail(reason)
  }
  handle.checkFinished()
  const ending = end(connection, handle, options).finally(() => release(connection, connections))
  if (resolvesBeforeCommit && handle.firstCause === undefined) connections.waitUntil?.(ending)
  else await ending
  if ('reason' in outcome) throw outcome.reason
  if (handle.firstCause) throw handle.firstCause
  return outcome.value
}

/** A handle whose transaction begins with its first query. The connection goes back when a signer or the like throws. */
async function openHandle(connection: Connection, options: TransactionOptions): Promise<TransactionHandle> {
  const { connections, context, openingOf, named, onCommit } = options
  try {
    return new TransactionHandle(connection, context, { opening: openingOf(), named, withId: onCommit !== undefined })
  } catch (error) {
    await release(connection, connections)
    throw error
  }
}

/** Commits or rolls back, once no query is pending. */
async function end(connection: Connection, handle: TransactionHandle, options: TransactionOptions): Promise<void> {
  await handle.revoke()
  const { firstCause } = handle
  const violation = violationOf(connection, handle)
  if (violation !== undefined) return await destroy(connection, violation, options)
  if (!handle.isOpen) return reportId(handle.transactionId, options) // no query was sent, or its message ended the transaction
  if (firstCause) return await rollback(connection, handle)
  try {
    await commit(connection, handle, options)
  } catch (error) {
    handle.fail(error)
    if (connection.status !== 'idle') await rollback(connection, handle) // COMMIT was not reached
  }
}

function violationOf(
  { fault, status }: Connection,
  { firstCause: cause, isOpen }: TransactionHandle,
): string | undefined {
  if (cause instanceof SettingsNotConfirmed) return cause.message
  if (cause instanceof ViolatedProtocol) return cause.what
  if (!isOpen && fault === undefined && status !== 'idle')
    return 'a transaction was open behind a message without BEGIN'
  return isNotice(fault) ? `${fault} at begin` : undefined
}

async function commit(connection: Connection, handle: TransactionHandle, options: TransactionOptions): Promise<void> {
  const { command, transactionId } = await sendCommit(connection, handle, options.onCommit !== undefined)
  const { fault } = connection
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK. A connection that is lost after COMMIT has committed.
  if (command === 'COMMIT' && !isNotice(fault)) return reportId(transactionId, options)
  const violation = command === 'COMMIT' ? `${fault} at commit` : `COMMIT was answered with ${command}`
  await destroy(connection, violation, options)
  handle.fail(new ViolatedProtocol(violation))
}

async function sendCommit(connection: Connection, { mayLeaveState }: TransactionHandle, withId: boolean) {
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

const isNotice = (fault: string | undefined): boolean => fault?.startsWith('notice') ?? false

async function destroy(connection: Connection, what: string, options: TransactionOptions): Promise<void> {
  await connection.close() // first: a listener must not see, or keep, a connection that the next tenant could get
  callListener(() => options.onProtocolViolation?.(what))
}

async function rollback(connection: Connection, { mayLeaveState }: TransactionHandle): Promise<void> {
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
