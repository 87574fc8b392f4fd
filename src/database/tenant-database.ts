import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type TenantContext, TenantRequired, tenantContext } from '../context/index.ts'
import { findDatabaseError, isTransient, unavailable } from '../errors/index.ts'
import { type Connection, type ConnectionSource, isStale } from './connection.ts'
import { openAfter, type Replica, type Route } from './replica.ts'
import type { TenantSigner } from './signed-context.ts'
import { createHandle, type Handle, type Opening, type TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** The one door to tenant data. The tenant comes from the context, never from a parameter. */
export interface TenantDatabase {
  /**
   * Runs work in a transaction that is READ ONLY and sees one snapshot.
   *
   * @throws TenantRequired outside of any tenant, before any SQL
   * @example
   * const task = await db.read((tx) => findTask(tx, id))
   */
  read<T>(work: (tx: TenantTx) => Promise<T>): Promise<T>
  /**
   * As `read`, for work that asks for everything at once: BEGIN, the tenant, its queries and COMMIT are one message, and the
   * connection is free with the answer.
   *
   * @throws TransactionMisuse for a query behind an answer: that is for `read`
   * @example
   * const [page, total] = await db.readAtOnce((tx) => Promise.all([pageOfTasks(tx, { offset, limit }), countTasks(tx)]))
   */
  readAtOnce<T>(work: (tx: TenantTx) => Promise<T>): Promise<T>
  /**
   * Runs work in a transaction and resolves after COMMIT. Whatever is thrown rolls it back. The work may be run a second
   * time after a deadlock or the like, so it does nothing but query.
   *
   * @throws TenantRequired outside of any tenant, before any SQL
   * @example
   * const task = await db.write((tx) => insertTask(tx, { title: 'Paint the fence', userId }))
   */
  write<T>(work: (tx: TenantTx) => Promise<T>): Promise<T>
  /** Waits for the transactions under way, then closes every connection. */
  close(): Promise<void>
}

/** PostgreSQL did not confirm the tenant that was asked for. The connection is destroyed. */
export class TenantNotConfirmed extends Error {
  override readonly name = 'TenantNotConfirmed'
}

export interface TenantDatabaseOptions {
  connections: ConnectionSource
  /** Where `read` goes when it can; `connections` lead to the primary. */
  replica?: Replica
  /** For engines whose login is a superuser (PGlite): the role that every transaction takes first. */
  role?: string | undefined
  /** Where the database accepts signed tenants only: {@link createTenantSigner}. */
  signer?: TenantSigner | undefined
  /** Hears of each connection that was destroyed since PostgreSQL did not do on it what it must. There should be none. */
  onProtocolViolation?: (surprise: ProtocolViolation) => void
}

/** What only a fault, or somebody else on the connection, can explain: an unconfirmed tenant, a notice, a lost COMMIT. */
export interface ProtocolViolation {
  what: string
  /** How many there were on this door, with this one. */
  count: number
}

type Mode = 'read' | 'readAtOnce' | 'write'
type Destroy = (connection: Connection, what: string) => Promise<void>
type OnCommit = (transactionId: string) => void
type Work<T> = (tx: TenantTx) => Promise<T>
interface OpenTransaction {
  mode: Mode
  tenantId: string
  handle: Handle
  /** Calls inside of this one that have not settled. */
  joined: number
  over: boolean
}

const beginRead = { text: 'begin isolation level repeatable read read only', parameters: [] }
const begin = { read: beginRead, readAtOnce: beginRead, write: { text: 'begin', parameters: [] } }
const commitAtOnce = { text: 'commit', parameters: [] }
/** What sets so many settings, by their number. */
const setText = [0, 1, 2, 3, 4].map((count) => {
  const calls = Array.from({ length: count }, (_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`)
  return `select ${calls.join(', ')}`
})

/**
 * Makes the door to tenant data: each call is one transaction of one tenant on one connection, held while queries run.
 * BEGIN, the tenant and the first query go in one round trip. A call inside of another joins it.
 *
 * @example
 * const db = createTenantDatabase({ connections: createPool({ url, size: 10 }) })
 */
export function createTenantDatabase(options: TenantDatabaseOptions): TenantDatabase {
  const { connections, replica, role, signer, onProtocolViolation } = options
  const primary: Route = { connections, after: undefined }
  const open = new AsyncLocalStorage<OpenTransaction>()
  const named = role === undefined // the one session of PGlite would know the names of all clients
  let surprises = 0
  const destroy: Destroy = async (connection, what) => {
    surprises += 1
    onProtocolViolation?.({ what, count: surprises })
    await connection.close()
  }

  async function run<T>(mode: Mode, work: Work<T>): Promise<T> {
    const context = tenantContext()
    if (context === undefined) throw new TenantRequired()
    const outer = open.getStore()
    if (outer && !outer.over) return await join(outer, mode, context, work)
    if (mode === 'write') replica?.wrote(context)
    const route = mode !== 'write' ? replica?.routeOf(context) : undefined
    if (!replica || !route) return await runOnPrimary(mode, context, work)
    try {
      return await transaction(route, mode, context, work, named)
    } catch (error) {
      if (!replica.isForPrimary(error)) throw error
      return await runOnPrimary(mode, context, work)
    }
  }

  async function runOnPrimary<T>(mode: Mode, context: TenantContext, work: Work<T>): Promise<T> {
    try {
      return await transaction(primary, mode, context, work, named)
    } catch (error) {
      if (isStale(error)) return await transaction(primary, mode, context, work, false)
      if (!isTransient(findDatabaseError(error)?.sqlstate ?? '')) throw error
      // At once it would often run into the winner again, which is only just waking up.
      await delay(10 + Math.random() * 40)
      return await transaction(primary, mode, context, work, named)
    }
  }

  async function transaction<T>(
    { connections, after }: Route,
    mode: Mode,
    context: TenantContext,
    work: Work<T>,
    keepParsed: boolean,
  ): Promise<T> {
    context.signal?.throwIfAborted()
    const connection = await connections.acquire()
    const opening = openingOf(connection, mode, context, { role, signer })
    const handle = createHandle(connection, context, after ? openAfter(after, opening) : opening, keepParsed)
    const current: OpenTransaction = { mode, tenantId: context.tenantId, handle, joined: 0, over: false }
    let outcome: { value: T } | { reason: unknown }
    try {
      outcome = { value: await open.run(current, work, handle.tx) }
    } catch (reason) {
      outcome = { reason }
      handle.fail(reason)
    }
    current.over = true
    if (current.joined > 0)
      handle.fail(new TransactionMisuse('A db.read or db.write inside of another was not awaited'))
    if (handle.unawaited > 0)
      handle.fail(new TransactionMisuse(`${handle.unawaited} queries were not awaited in this transaction`))
    if (context.signal?.aborted) handle.fail(context.signal.reason)
    const isMarked = mode === 'write' && replica !== undefined && context.bookmark !== undefined
    const onCommit = isMarked ? (transactionId: string) => replica.mark(context, transactionId) : undefined
    const ending = end(connection, handle, destroy, onCommit).finally(() => connections.release(connection))
    // What was read in one snapshot is known; only a write has to hear that it was committed.
    if (mode !== 'write' && handle.firstCause === undefined) connections.waitUntil?.(ending)
    else await ending
    if ('reason' in outcome) throw outcome.reason
    if (handle.firstCause) throw handle.firstCause
    return outcome.value
  }

  return {
    read: (work) => run('read', work),
    readAtOnce: (work) => run('readAtOnce', work),
    write: (work) => run('write', work),
    close: async () => void (await Promise.all([connections.close(), replica?.close()])),
  }
}

/** What begins a transaction and makes it the tenant's. */
function openingOf(
  connection: Connection,
  mode: Mode,
  context: TenantContext,
  { role, signer }: Pick<TenantDatabaseOptions, 'role' | 'signer'>,
): Opening {
  const { tenantId } = context
  const settings = [
    ['app.current_tenant', signer ? signer(tenantId) : tenantId],
    ['app.request_id', context.requestId ?? ''],
    ...(context.actor === undefined ? [] : [['app.actor', context.actor]]),
    ...(role === undefined ? [] : [['role', role]]),
  ] as const
  const set = { text: setText[settings.length] ?? '', parameters: settings.flat() }
  return {
    // Behind the socket of PGlite all clients share one session: until a transaction is open, messages of theirs may come
    // between ours, so that BEGIN has to be one message.
    ...(role === undefined
      ? { command: undefined, statements: [begin[mode], set], commit: mode === 'readAtOnce' ? commitAtOnce : undefined }
      : { command: begin[mode].text, statements: [set], commit: undefined }),
    confirm(answers) {
      if (connection.fault) throw unavailable(new Error(`Unexpected at begin: ${connection.fault}`))
      if (settings.some(([, value], index) => answers.at(-1)?.rows[0]?.[index] !== value))
        throw new TenantNotConfirmed('PostgreSQL did not confirm the tenant of this transaction')
    },
  }
}

/**
 * Ends a transaction, once nothing is in flight. Afterwards `handle.firstCause` says whether it was committed.
 *
 * @param onCommit hears the id of a transaction that has changed something; when left out nobody asks for it
 */
async function end(connection: Connection, handle: Handle, destroy: Destroy, onCommit?: OnCommit): Promise<void> {
  await handle.revoke()
  const { firstCause } = handle
  if (firstCause instanceof TenantNotConfirmed) return await destroy(connection, 'the tenant was not confirmed')
  if (connection.fault && isNotice(connection.fault)) return await destroy(connection, `${connection.fault} at begin`)
  if (!handle.isOpen) return // nobody asked for anything, or it has been committed
  if (firstCause) return await rollback(connection)
  try {
    const { command, transactionId } = await commit(connection, onCommit !== undefined)
    // PostgreSQL answers COMMIT of a transaction that has failed with ROLLBACK.
    const surprise = command === 'COMMIT' ? connection.fault : `COMMIT was answered with ${command}`
    // What has been committed is committed, should the connection be lost just then.
    if (surprise === undefined || (command === 'COMMIT' && !isNotice(surprise))) {
      if (transactionId !== undefined) onCommit?.(transactionId)
      return
    }
    await destroy(connection, `${surprise} at commit`)
    handle.fail(new TransactionMisuse(`Unexpected at commit: ${surprise}`))
  } catch (error) {
    handle.fail(error)
    if (connection.status !== 'idle') await rollback(connection) // COMMIT was not reached
  }
}

/** The id is asked for before COMMIT, in the same round trip: what fails after COMMIT would make a success look like none. */
async function commit(connection: Connection, withId: boolean): Promise<{ command: string; transactionId?: string }> {
  if (!withId) return await connection.command('commit')
  const texts = ['select pg_current_xact_id_if_assigned()::text', 'commit']
  const [asked, committed] = await connection.send(texts.map((text) => ({ text, parameters: [] })))
  const transactionId = asked?.rows[0]?.[0]
  return { command: committed?.command ?? '', ...(typeof transactionId === 'string' ? { transactionId } : {}) }
}

const isNotice = (fault: string): boolean => fault.startsWith('notice')

async function rollback(connection: Connection): Promise<void> {
  try {
    await connection.command('rollback')
  } catch {
    // The first cause is what the caller hears; a connection that cannot roll back must not be used again.
    await connection.close()
  }
}

async function join<T>(outer: OpenTransaction, mode: Mode, context: TenantContext, work: Work<T>): Promise<T> {
  if (outer.tenantId !== context.tenantId)
    throw new TransactionMisuse('A transaction is open for another tenant: finish it before working for this one')
  if (outer.mode !== 'write' && mode === 'write')
    throw new TransactionMisuse('A read transaction is open: call db.write outside of db.read')
  outer.joined += 1
  try {
    return await work(outer.handle.tx)
  } catch (error) {
    // All or nothing holds for the inner call too, and it can only fail together with the outer one.
    outer.handle.fail(error)
    throw error
  } finally {
    outer.joined -= 1
  }
}
