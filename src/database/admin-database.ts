import { AsyncLocalStorage } from 'node:async_hooks'
import { tenantContext } from '../context/index.ts'
import { findDatabaseError } from '../errors/index.ts'
import {
  type AdminMode,
  type AdminOccasion,
  type AdminTx,
  type AdminWork,
  beginAdmin,
  runAdmin,
} from './admin-transaction.ts'
import type { ConnectionSource } from './connection.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** The door to the data of all tenants: for support, billing and migrations of data, never for a request handler. */
export interface AdminDatabase {
  /**
   * Runs work in a transaction that is READ ONLY and sees one snapshot of all tenants.
   *
   * @throws TypeError without a reason; TransactionMisuse inside of a tenant's context or of other administrative work; then
   *   nothing was sent
   * @example
   * await admin.read({ reason: 'Ticket 4711: count tasks' }, (tx) => tx.$count(tasks))
   */
  read<T>(occasion: AdminOccasion, work: (tx: AdminTx) => Promise<T>): Promise<T>
  /** As `read`, for work that changes something. It resolves after COMMIT; whatever is thrown rolls it back. */
  write<T>(occasion: AdminOccasion, work: (tx: AdminTx) => Promise<T>): Promise<T>
  /** Waits for the transactions under way, then closes every connection. */
  close(): Promise<void>
}

/** Where administrative work is written down: pino fits. */
export interface AdminLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface AdminDatabaseOptions {
  /** A pool of its own, which logs in as `app_admin`: a role with BYPASSRLS, that `rowhouse migrate` makes. */
  connections: ConnectionSource
  log: AdminLog
  /** The role of the service, which is refused here. `app_user` when left out. */
  servingRole?: string
  /** Whether the login may be one that row security binds, as an owner is: for work on `tenancy.tenants`, which has none. */
  allowBound?: boolean
}

const reasonMax = 500

/**
 * Makes the door for administrative work across tenants. It reaches them by another login, and not by a switch in a policy.
 * Each call gives its reason: it is logged before anything is sent, and stands in the settings `app.admin_reason` and
 * `app.actor` of its transaction, for triggers and pgaudit (PostgreSQL, chapter 5.9 "Row Security Policies", BYPASSRLS).
 *
 * @example
 * const admin = createAdminDatabase({ connections: createPool({ url: adminUrl, size: 2 }), log })
 * await admin.write({ reason: 'Ticket 4711: merge duplicates', actor: 'ada' }, (tx) => tx.execute(sql`…`))
 */
export function createAdminDatabase(options: AdminDatabaseOptions): AdminDatabase {
  const { connections, log, servingRole = 'app_user', allowBound = false } = options
  const open = new AsyncLocalStorage<{ over: boolean }>()

  async function run<T>(mode: AdminMode, { reason, actor }: AdminOccasion, work: AdminWork<T>): Promise<T> {
    if (reason.trim() === '' || reason.length > reasonMax)
      throw new TypeError(`Administrative work needs a reason of 1 to ${reasonMax} characters`)
    if (tenantContext() !== undefined)
      throw new TransactionMisuse('Administrative work is not for a tenant: do it outside of requests and withTenant')
    if (open.getStore()?.over === false)
      throw new TransactionMisuse('Administrative work is under way: use its transaction')
    log.info({ reason, actor, mode }, 'administrative work')
    const current = { over: false }
    try {
      return await open.run(current, transaction, mode, { reason, actor }, work)
    } catch (error) {
      // Messages can hold values.
      const { sqlstate } = findDatabaseError(error) ?? {}
      const name = error instanceof Error ? error.name : typeof error
      log.error({ reason, actor, mode, error: name, sqlstate }, 'administrative work failed')
      throw error
    } finally {
      current.over = true
    }
  }

  async function transaction<T>(mode: AdminMode, occasion: AdminOccasion, work: AdminWork<T>): Promise<T> {
    const connection = await connections.acquire()
    try {
      await beginAdmin(connection, mode, occasion, { servingRole, allowBound })
      return await runAdmin(connection, work)
    } finally {
      // Whoever gets it next must not speak in this transaction.
      if (connection.status !== 'idle') await connection.close()
      connections.release(connection)
    }
  }

  return {
    read: (occasion, work) => run('read', occasion, work),
    write: (occasion, work) => run('write', occasion, work),
    close: () => connections.close(),
  }
}
