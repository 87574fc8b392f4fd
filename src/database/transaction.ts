import { callListener } from '../errors/internal.ts'
import { cleaning, cleanRollback, failureOfCleaning } from './cleaning.ts'
import type { Connection, ConnectionSource } from './connection.ts'
import { type HandleContext, type Opening, TransactionHandle } from './transaction-handle.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** PostgreSQL did not confirm the settings of a transaction. The connection is destroyed. */
export class SettingsNotConfirmed extends Error {
  override readonly name: string = 'SettingsNotConfirmed'
}

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
  const connection = await connections.acquire()
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
  const { connections, context, openingOf, named } = options
  try {
    return new TransactionHandle(connection, context, openingOf(), named)
  } catch (error) {
    await release(connection, connections)
    throw error
  }
}

/** Commits or rolls back, once no query is pending. */
async function end(connection: Connection, handle: TransactionHandle, options: TransactionOptions): Promise<void> {
  await handle.revoke()
  const { firstCause } = handle
  if (firstCause instanceof SettingsNotConfirmed) return await destroy(connection, firstCause.message, options)
  if (isNotice(connection.fault)) return await destroy(connection, `${connection.fault} at begin`, options)
  if (!handle.isOpen) return // no query was sent, or the batch contained COMMIT
  if (firstCause) return await rollback(connection, handle)
  try {
    await commit(connection, handle, options)
  } catch (error) {
    handle.fail(error)
    if (connection.status !== 'idle') await rollback(connection, handle) // COMMIT was not reached
  }
}

async function commit(connection: Connection, handle: TransactionHandle, options: TransactionOptions): Promise<void> {
  const { onCommit } = options
  const { command, transactionId } = await sendCommit(connection, onCommit !== undefined, handle.mayLeaveState)
  const { fault } = connection
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK. A connection that is lost after COMMIT has committed.
  if (command === 'COMMIT' && !isNotice(fault)) {
    if (transactionId !== undefined) onCommit?.(transactionId)
    return
  }
  const violation = command === 'COMMIT' ? `${fault} at commit` : `COMMIT was answered with ${command}`
  await destroy(connection, violation, options)
  handle.fail(new TransactionMisuse(`Protocol violation: ${violation}`))
}

/** The id is queried before COMMIT, in the same round trip: a query that fails after COMMIT would hide the success. */
async function sendCommit(
  connection: Connection,
  withId: boolean,
  cleans: boolean,
): Promise<{ command: string; transactionId?: string }> {
  const before = [...(withId ? [queryId] : []), ...(cleans ? cleaning(connection.loginSettings) : [])]
  const statements = [...before, commitStatement]
  try {
    if (!withId) return await connection.command(statements.map(({ text }) => text).join('; '))
    const results = await connection.send(statements)
    const transactionId = results[0]?.rows[0]?.[0]
    return { command: results.at(-1)?.command ?? '', ...(typeof transactionId === 'string' ? { transactionId } : {}) }
  } catch (error) {
    throw cleans ? failureOfCleaning(error, before.length - 1) : error
  }
}

const queryId = { text: 'select pg_current_xact_id_if_assigned()::text', parameters: [] }
const commitStatement = { text: 'commit', parameters: [] }

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
