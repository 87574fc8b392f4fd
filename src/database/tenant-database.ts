import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type TenantContext, TenantRequired, tenantContext } from '../context/index.ts'
import { findDatabaseError, isTransient } from '../errors/index.ts'
import type { ConnectionSource } from './connection.ts'
import { isStale } from './open-connection.ts'
import { refusePrivileged } from './privileged-login.ts'
import { openAfter, type Replica, type Route } from './replica.ts'
import type { TenantSigner } from './signed-context.ts'
import { type Mode, openTenant } from './tenant-opening.ts'
import type { TenantTx } from './tenant-tx.ts'
import { runTransaction } from './transaction.ts'
import { assertBelongs, type TransactionHandle } from './transaction-handle.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** Runs transactions of the current tenant. The tenant comes from the context, never from a parameter. */
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
   * As `read`, for work that starts all its queries at once: BEGIN, the tenant, the queries and COMMIT are one message, and
   * the connection is free when the results arrive.
   *
   * @throws TransactionMisuse for a query that waits for another one's result: use `read`
   * @example
   * const [page, total] = await db.readAtOnce((tx) => Promise.all([pageOfTasks(tx, { offset, limit }), countTasks(tx)]))
   */
  readAtOnce<T>(work: (tx: TenantTx) => Promise<T>): Promise<T>
  /**
   * Runs work in a transaction and resolves after COMMIT. A thrown error rolls it back. The work may run a second time, for
   * example after a deadlock, so it must do nothing but query.
   *
   * @throws TenantRequired outside of any tenant, before any SQL
   * @example
   * const task = await db.write((tx) => insertTask(tx, { title: 'Write the report', userId }))
   */
  write<T>(work: (tx: TenantTx) => Promise<T>): Promise<T>
  /** Waits for the running transactions, then closes every connection. */
  close(): Promise<void>
}

export interface TenantDatabaseOptions {
  /** Connections to the primary: {@link createPool}. */
  connections: ConnectionSource
  /** Where reads go while it is usable: {@link createReplica}. */
  replica?: Replica
  /** For engines whose login is a superuser (PGlite): the role that every transaction switches to first. */
  role?: string | undefined
  /** For a database that accepts only signed tenants: {@link createTenantSigner}. */
  signer?: TenantSigner | undefined
  /** Called for each connection that was closed because of a protocol violation. An error that it throws is ignored. */
  onProtocolViolation?: (violation: ProtocolViolation) => unknown
}

/**
 * PostgreSQL answered against the protocol of a transaction: an unconfirmed tenant, a warning that another client used the
 * connection, or a COMMIT that did not commit. Only a fault in the network, a pooler or the code explains it.
 */
export interface ProtocolViolation {
  what: string
  /** How many violations this tenant database has had, this one included. */
  count: number
}

type Work<T> = (tx: TenantTx) => Promise<T>
interface OpenTransaction {
  mode: Mode
  context: TenantContext
  handle: TransactionHandle
  /** Nested calls that have not settled. */
  joined: number
  isOver: boolean
}

/**
 * Creates the tenant database: each call is one transaction of one tenant on one connection. BEGIN, the tenant and the first
 * queries go in one round trip. A call inside of another one joins its transaction. The first transaction also checks the login:
 * it throws PrivilegedLogin for a superuser and for BYPASSRLS, to which row-level security does not apply.
 *
 * @example
 * const db = createTenantDatabase({ connections: createPool({ url, size: 10 }) })
 */
export function createTenantDatabase(options: TenantDatabaseOptions): TenantDatabase {
  const { connections, replica, role } = options
  const primary: Route = { connections, after: undefined }
  const open = new AsyncLocalStorage<OpenTransaction>()
  const named = role === undefined // PGlite's one session would mix up the names of all clients
  const checked = new WeakSet<ConnectionSource>() // one login for all connections of a source: its first transaction checks it
  const onProtocolViolation = countViolations(options.onProtocolViolation)

  async function run<T>(mode: Mode, work: Work<T>): Promise<T> {
    const context = tenantContext()
    if (context === undefined) throw new TenantRequired()
    const outer = open.getStore()
    if (outer && !outer.isOver) return await join(outer, mode, work)
    if (mode === 'write') replica?.wrote(context)
    const onPrimary = () => withRetry(named, (keepParsed) => transaction(primary, mode, context, work, keepParsed))
    const route = mode === 'write' ? undefined : replica?.routeOf(context)
    if (!replica || !route) return await onPrimary()
    try {
      return await transaction(route, mode, context, work, named)
    } catch (error) {
      if (!replica.isForPrimary(error)) throw error
      return await onPrimary()
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
    const openingOf = () => {
      const begun = openTenant(mode, context, options)
      const opening = checked.has(connections) ? begun : refusePrivileged(begun, () => checked.add(connections))
      return after ? openAfter(after, opening) : opening
    }
    const marksWrites = mode === 'write' && replica !== undefined && context.bookmark !== undefined
    return await runTransaction(
      {
        connections,
        context,
        openingOf,
        named: keepParsed,
        resolvesBeforeCommit: mode !== 'write',
        onCommit: marksWrites ? (transactionId) => replica.mark(context, transactionId) : undefined,
        onProtocolViolation,
      },
      (handle) => {
        const current = { mode, context, handle, joined: 0, isOver: false }
        return finish(current, () => open.run(current, work, handle.tx))
      },
    )
  }

  return {
    read: (work) => run('read', work),
    readAtOnce: (work) => run('readAtOnce', work),
    write: (work) => run('write', work),
    close: async () => void (await Promise.all([connections.close(), replica?.close()])),
  }
}

/** Passes violations on with their number. */
function countViolations(report: TenantDatabaseOptions['onProtocolViolation']): (what: string) => unknown {
  let count = 0
  return (what) => {
    count += 1
    return report?.({ what, count })
  }
}

/** Runs a transaction a second time after a failure that a second run can mend: a stale statement, a deadlock or the like. */
async function withRetry<T>(named: boolean, transaction: (keepParsed: boolean) => Promise<T>): Promise<T> {
  try {
    return await transaction(named)
  } catch (error) {
    if (isStale(error)) return await transaction(false)
    if (!isTransient(findDatabaseError(error)?.sqlstate ?? '')) throw error
    // Without a pause it would often meet the winner of a deadlock again, which PostgreSQL is just waking up.
    await delay(10 + Math.random() * 40)
    return await transaction(named)
  }
}

/** Runs the work of an outermost call. Calls inside of it can join until it settles. */
async function finish<T>(current: OpenTransaction, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    current.handle.fail(error)
    throw error
  } finally {
    current.isOver = true
    if (current.joined > 0)
      current.handle.fail(new TransactionMisuse('A db.read or db.write inside of another one was not awaited'))
  }
}

/** Runs the work of a call inside of another one, in the transaction of the outer call. */
async function join<T>(outer: OpenTransaction, mode: Mode, work: Work<T>): Promise<T> {
  assertBelongs(outer.context, 'finish it before working for this one')
  if (outer.mode !== 'write' && mode === 'write')
    throw new TransactionMisuse('A read transaction is open: call db.write outside of db.read')
  outer.joined += 1
  try {
    return await work(outer.handle.tx)
  } catch (error) {
    outer.handle.fail(error) // an inner call can only fail together with the outer one: both are one transaction
    throw error
  } finally {
    outer.joined -= 1
  }
}
