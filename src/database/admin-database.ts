import { AsyncLocalStorage } from 'node:async_hooks'
import { type Logger, tenantContext } from '../context/index.ts'
import { findDatabaseError } from '../errors/index.ts'
import { type AdminMode, type AdminOccasion, openAdmin } from './admin-opening.ts'
import type { ConnectionSource } from './connection.ts'
import { createDrizzle, type DrizzleOptions } from './drizzle.ts'
import { type Returned, resultOf } from './query.ts'
import type { QueryLogger } from './query-logger.ts'
import type { AdminTx } from './tenant-tx.ts'
import { runTransaction } from './transaction.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

type Tables = Record<string, unknown>
/** The transaction has the tables of the database that runs it: createTx makes both. */
type Work = (tx: never) => Returned<unknown>

/** Runs transactions across all tenants: for support, billing and migrations of data, never for a request handler. */
export interface AdminDatabase<Schema extends Tables = Record<string, never>> {
  /**
   * Runs work in a transaction that is READ ONLY and sees one snapshot of all tenants.
   *
   * @throws TypeError for a missing or too long reason, and TransactionMisuse inside of a tenant's context or of other
   *   administrative work, before anything is sent; WrongAdminLogin before any query of the work
   * @example
   * await admin.read({ reason: 'Ticket 4711: count tasks' }, (tx) => tx.$count(tasks))
   */
  read<T>(occasion: AdminOccasion, work: (tx: AdminTx<Schema>) => Returned<T>): Promise<T>
  /**
   * As `read`, for work that changes rows. It resolves after COMMIT; a thrown error rolls it back.
   *
   * @example
   * await admin.write({ reason: 'Ticket 4711: merge duplicates', actor: 'ada' }, (tx) => tx.execute(sql`…`))
   */
  write<T>(occasion: AdminOccasion, work: (tx: AdminTx<Schema>) => Returned<T>): Promise<T>
  /** Waits for the running transactions, then closes every connection. */
  close(): Promise<void>
}

/** The logger of administrative work. */
export type AdminLog = Pick<Logger, 'info' | 'error'>

export interface AdminDatabaseOptions<Schema extends Tables = Record<string, never>> extends DrizzleOptions<Schema> {
  /** A pool of its own, which logs in as `app_admin`: a role with BYPASSRLS that `rowhouse migrate` creates. */
  connections: ConnectionSource
  log: AdminLog
  /** The role of the service, which is refused as a login. @default 'app_user' */
  servingRole?: string
  /**
   * Whether the login may be a role without BYPASSRLS, such as the owner: for `tenancy.tenants`, a table without row-level
   * security. @default false
   */
  allowBound?: boolean
  /** Receives the text and the duration of each query, never its values. Its own error is ignored. @default none */
  logger?: QueryLogger | undefined
}

const reasonMax = 500

/**
 * Creates the admin database: transactions across tenants. It logs in as another role; no policy contains a switch for it.
 * Each call gives its reason, which is logged before anything is sent and stands in the settings `app.admin_reason` and
 * `app.actor` of its transaction, for triggers and pgaudit (PostgreSQL, chapter 5.9 "Row Security Policies", BYPASSRLS).
 *
 * @example
 * const admin = createAdminDatabase({ connections: createPool({ url: adminUrl, size: 2 }), log })
 * await admin.write({ reason: 'Ticket 4711: merge duplicates', actor: 'ada' }, (tx) => tx.execute(sql`…`))
 */
export function createAdminDatabase<Schema extends Tables = Record<string, never>>(
  options: AdminDatabaseOptions<Schema>,
): AdminDatabase<Schema> {
  const { connections, log, servingRole = 'app_user', allowBound = false, logger } = options
  const drizzle = createDrizzle(options, 'admin')
  const open = new AsyncLocalStorage<{ isOver: boolean }>()

  async function run(mode: AdminMode, { reason, actor }: AdminOccasion, work: Work): Promise<unknown> {
    assertAllowed(reason, open.getStore())
    log.info({ reason, actor, mode }, 'administrative work')
    const current = { isOver: false }
    const opening = openAdmin(mode, { reason, actor }, { servingRole, allowBound })
    // Statements stay unnamed: administrative work seldom repeats one, and poolers may lack named statements.
    const transaction = {
      connections,
      context: {},
      opening,
      drizzle,
      logging: logger && ({ logger, route: 'primary' } as const),
      isWrite: mode === 'write',
      named: false,
      resolvesBeforeCommit: false,
    }
    try {
      return await open.run(current, () =>
        runTransaction(transaction, async (handle) => {
          await handle.open()
          return await resultOf(work(handle.tx as never)) // the one place that brands
        }),
      )
    } catch (error) {
      // The message of an error can contain values.
      const { sqlstate } = findDatabaseError(error) ?? {}
      const name = error instanceof Error ? error.name : typeof error
      log.error({ reason, actor, mode, error: name, sqlstate }, 'administrative work failed')
      throw error
    } finally {
      current.isOver = true
    }
  }

  return {
    read: (occasion: AdminOccasion, work: Work) => run('read', occasion, work) as Promise<never>, // what the work returned
    write: (occasion: AdminOccasion, work: Work) => run('write', occasion, work) as Promise<never>, // likewise
    close: () => connections.close(),
  }
}

function assertAllowed(reason: string, outer: { isOver: boolean } | undefined): void {
  if (reason.trim() === '' || reason.length > reasonMax)
    throw new TypeError(`Administrative work needs a reason of 1 to ${reasonMax} characters`)
  if (tenantContext() !== undefined)
    throw new TransactionMisuse('Administrative work belongs to no tenant: call it outside of requests and withTenant')
  if (outer?.isOver === false)
    throw new TransactionMisuse('Administrative work is running: use its transaction instead of beginning another one')
}
