import { AsyncLocalStorage } from 'node:async_hooks'
import { type TenantContext, type TenantIdType, TenantRequired, tenantContext } from '../context/index.ts'
import { tenantIdsOf } from '../context/internal.ts'
import { noteCaller } from '../errors/internal.ts'
import { callHooks } from './after-commit.ts'
import type { ConnectionSource } from './connection.ts'
import { createDrizzle, type DrizzleOptions } from './drizzle.ts'
import { innerResultOf, type Returned } from './query.ts'
import type { QueryLogger } from './query-logger.ts'
import { openAfter, type Replica, type Route } from './replica.ts'
import { attemptsOf, withRetry } from './retry.ts'
import type { TenantSigner } from './signed-context.ts'
import { assertSameIds, checkAtStart, meaningAtStart } from './start-check.ts'
import { type IsolationLevel, type Mode, openTenant } from './tenant-opening.ts'
import type { TenantTx } from './tenant-tx.ts'
import { runTransaction } from './transaction.ts'
import { assertBelongs, type TransactionHandle } from './transaction-handle.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

type Tables = Record<string, unknown>

/**
 * Runs transactions of the current tenant. The tenant comes from the context, never from a parameter. A function that needs no relational
 * queries takes a plain `TenantDatabase`, whatever the schema of the database is.
 */
export interface TenantDatabase<Schema extends Tables = Record<string, never>> {
  /**
   * Runs work in a transaction that is READ ONLY and sees one snapshot. Queries that the work returns without awaiting them go in
   * one message with COMMIT. Work that awaits can send as many messages as it wants.
   *
   * @throws TenantRequired outside of any tenant, before any SQL. TransactionMisuse when a `prepared` query was neither awaited nor
   *   returned
   * @example
   * const task = await db.read((tx) => findTask(tx, id))
   * const [page, total] = await db.read((tx) => [pageOfTasks(tx, { offset, limit }), countTasks(tx)])
   */
  read<T>(work: (tx: TenantTx<Schema>) => Returned<T>): Promise<T>
  /**
   * As `read`, for work that changes rows. It resolves after COMMIT; a thrown error rolls it back. The work may run a second time, for
   * example after a deadlock, and a third time with `serializable`, so it must do nothing but query: other work belongs to
   * `tx.afterCommit`. The rows of returned queries are mapped after COMMIT.
   *
   * @param options `isolation`: how much the transaction sees of others. @default the database's, which is read committed
   * @throws TenantRequired outside of any tenant, before any SQL. TypeError for an unknown isolation level. TransactionMisuse inside
   *   of `db.read`, and inside of a `db.write` of another isolation level
   * @example
   * const task = await db.write((tx) => insertTask(tx, { title: 'Write the report', userId }))
   */
  write<T>(work: (tx: TenantTx<Schema>) => Returned<T>, options?: WriteOptions): Promise<T>
  /** Waits for the running transactions, then closes every connection. */
  close(): Promise<void>
  /** The type of tenant ids. */
  readonly tenantId: TenantIdType
}

export interface WriteOptions {
  isolation?: IsolationLevel | undefined
}

export interface TenantDatabaseOptions<Schema extends Tables = Record<string, never>> extends DrizzleOptions<Schema> {
  /** Connections to the primary: {@link createPool}. */
  connections: ConnectionSource
  /** Where reads go while it is usable: {@link createReplica}. */
  replica?: Replica
  /** The type of tenant ids, as in `rowhouse.config.ts` and in `tenant()`. @default 'uuid' */
  tenantId?: TenantIdType | undefined
  /** For engines whose login is a superuser (PGlite): the role that every transaction switches to first. */
  role?: string | undefined
  /** For a database that accepts only signed tenants: {@link createTenantSigner}. */
  signer?: TenantSigner | undefined
  /** Called for each connection that was closed because of a protocol violation. An error that it throws is ignored. */
  onProtocolViolation?: (violation: ProtocolViolation) => unknown
  /** Called with what a function of `tx.afterCommit` throws. Its own error is ignored. @default logs the name of the error */
  onAfterCommitError?: (error: unknown) => unknown
  /** Receives the text and the duration of each query, never its values. Its own error is ignored. @default none */
  logger?: QueryLogger | undefined
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

/** The transaction has the tables of the database that runs it: createTx makes both. */
type Work = (tx: never) => Returned<unknown>
interface Kind {
  mode: Mode
  isolation?: IsolationLevel | undefined
}
interface OpenTransaction extends Kind {
  context: TenantContext
  handle: TransactionHandle
  isOver: boolean
}

/**
 * Creates the tenant database: each call is one transaction of one tenant on one connection. BEGIN, the tenant and the first
 * queries go in one round trip. A call inside of another one joins its transaction. The first transaction also checks the login:
 * it throws PrivilegedLogin for a superuser and for BYPASSRLS, to which row-level security does not apply, and OtherTenantIds for a
 * database with tenant ids of another type.
 *
 * @throws TypeError for an unknown type of tenant ids
 * @example
 * const db = createTenantDatabase({ connections: createPool({ url, size: 10 }) })
 */
export function createTenantDatabase<Schema extends Tables = Record<string, never>>(
  options: TenantDatabaseOptions<Schema>,
): TenantDatabase<Schema> {
  const { connections, replica, role, logger } = options
  const { type } = tenantIdsOf(options.tenantId)
  const primary: Route = { connections, after: undefined }
  const drizzle = createDrizzle(options, 'tenant')
  const open = new AsyncLocalStorage<OpenTransaction>()
  const named = role === undefined // PGlite's one session would mix up the names of all clients
  const checked = new WeakSet<ConnectionSource>() // one login for all connections of a source: its first transaction checks it
  const onProtocolViolation = countViolations(options.onProtocolViolation)

  async function run(kind: Kind, work: Work): Promise<unknown> {
    try {
      const context = tenantContext()
      if (context === undefined) throw new TenantRequired()
      assertSameIds(context, type)
      const outer = open.getStore()
      return await (outer && !outer.isOver ? join(outer, kind, work) : begin(kind, context, work))
    } catch (error) {
      noteCaller(error)
      throw error
    }
  }

  async function begin(kind: Kind, context: TenantContext, work: Work): Promise<unknown> {
    const { mode } = kind
    if (mode === 'write') replica?.wrote(context)
    const onPrimary = () =>
      withRetry(named, attemptsOf(kind), (keepParsed) => transaction(primary, kind, context, work, keepParsed))
    const route = mode === 'write' ? undefined : replica?.routeOf(context)
    if (!replica || !route) return await onPrimary()
    try {
      return await transaction(route, kind, context, work, named)
    } catch (error) {
      if (!replica.isForPrimary(error)) throw error
      return await onPrimary()
    }
  }

  async function transaction(
    route: Route,
    kind: Kind,
    context: TenantContext,
    work: Work,
    keepParsed: boolean,
  ): Promise<unknown> {
    context.signal?.throwIfAborted()
    const { connections, after } = route
    const begun = openTenant(kind, context, options)
    const isChecked = checked.has(connections)
    const checking = isChecked ? begun : checkAtStart(begun, type, () => checked.add(connections))
    const opening = after ? openAfter(after, checking) : checking
    const marksWrites = kind.mode === 'write' && replica !== undefined && context.bookmark !== undefined
    const running = runTransaction(
      {
        connections,
        context,
        opening,
        drizzle,
        logging: logger && { logger, route: route === primary ? 'primary' : 'replica' },
        isWrite: kind.mode === 'write',
        named: keepParsed,
        resolvesBeforeCommit: kind.mode === 'read',
        onCommit: marksWrites ? (transactionId) => replica.mark(context, transactionId) : undefined,
        afterCommit: (hooks) => callHooks(hooks, context, connections, options.onAfterCommitError),
        onProtocolViolation,
      },
      (handle) => {
        const current = { ...kind, context, handle, isOver: false }
        return finish(current, () => open.run(current, work, handle.tx as never))
      },
    )
    if (isChecked) return await running
    return await running.catch((error: unknown) => {
      throw meaningAtStart(error, opening, type)
    })
  }

  return {
    read: (work: Work) => run({ mode: 'read' }, work) as Promise<never>, // what the work returned, awaited
    write: (work: Work, options?: WriteOptions) => run({ mode: 'write', ...options }, work) as Promise<never>, // likewise
    close: async () => void (await Promise.all([connections.close(), replica?.close()])),
    tenantId: type,
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

/** Runs the work of an outermost call. Calls inside of it can join until it settles. */
async function finish(current: OpenTransaction, work: () => Returned<unknown>): Promise<unknown> {
  const { handle } = current
  try {
    const returned = work()
    return await (handle.scope.joined > 0 ? innerResultOf(returned) : handle.settle(returned))
  } catch (error) {
    handle.fail(error)
    throw error
  } finally {
    current.isOver = true
    if (handle.scope.joined > 0)
      handle.fail(new TransactionMisuse('A db.read or db.write inside of another one was not awaited'))
  }
}

/** Runs the work of a call inside of another one, in the transaction of the outer call. */
async function join(outer: OpenTransaction, { mode, isolation }: Kind, work: Work): Promise<unknown> {
  assertBelongs(outer.context, 'finish it before working for this one')
  if (outer.mode !== 'write' && mode === 'write')
    throw new TransactionMisuse('A read transaction is open: call db.write outside of db.read')
  if (isolation !== undefined && isolation !== outer.isolation)
    throw new TransactionMisuse(
      'A transaction of another isolation level is open: ask for the level in the outermost db.write',
    )
  const scope = outer.handle.scope.current()
  scope.joined += 1
  try {
    return await innerResultOf(work(scope.tx as never))
  } catch (error) {
    scope.fail(error) // an inner call can only fail together with the outer one: both are one transaction, or one savepoint
    throw error
  } finally {
    scope.joined -= 1
  }
}
