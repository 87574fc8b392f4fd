import type { TenantContext } from '../context/index.ts'
import { noBookmark } from '../context/internal.ts'
import { causesOf, findDatabaseError } from '../errors/index.ts'
import { callListener } from '../errors/internal.ts'
import { assertWholeNumber } from '../text/index.ts'
import { createBookmarks } from './bookmarks.ts'
import type { ConnectionSource } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import type { Opening } from './opening.ts'

export interface ReplicaOptions {
  /** Connections to a streaming standby of the primary. */
  connections: ConnectionSource
  /** Throws when the replica must not be used: it does not answer, or a table on it is not protected. */
  check: () => Promise<unknown>
  /** The secret that encrypts bookmarks, at least 32 characters: the same in every process of the service. */
  secret: string
  /** The secret that `secret` replaces: bookmarks of it are accepted too. */
  previous?: string
  /** How long the replica is left alone after a failure, in milliseconds. @default 5000 */
  retryAfterMs?: number
  /** Called when reads begin or cease to go to the replica, with the error that ended its use. Its own error is ignored. */
  onChange?: (isUsed: boolean, error?: unknown) => unknown
}

/** The connections of a read. `after`: the id of the transaction that the replica must have replayed. */
export interface Route {
  connections: ConnectionSource
  after: string | undefined
}

/** A replica for reads. The primary serves what the replica cannot, and everything while the replica is unusable. */
export interface Replica {
  /** Runs the check of the options now. Throws its error. */
  check(): Promise<void>
  /** The route of a read on the replica; undefined: the read goes to the primary. */
  routeOf(context: TenantContext): Route | undefined
  /**
   * Whether the primary runs a read that failed on the replica with this error. A lost connection ends the use of the replica. An
   * answer that takes too long starts a check of it.
   */
  isForPrimary(error: unknown): boolean
  /** Sends all later reads of this request or job to the primary, because it writes. */
  wrote(context: TenantContext): void
  /** Puts the bookmark of a write into the context, for the client session. */
  mark(context: TenantContext, transactionId: string): void
  close(): Promise<void>
}

// PostgreSQL cancelled a query or ended a session at a time limit of its own. Such a read is not run again.
const timeLimits = ['57014', '25P03', '25P04']

/** PostgreSQL ended a session because of a conflict with the replay: of this transaction, not of the server. */
const isConflict = (sqlstate: string): boolean => sqlstate.startsWith('40')

/** The replica has not replayed the last write of the client session. */
class ReplicaBehind extends Error {
  override readonly name = 'ReplicaBehind'
}

/**
 * Creates a replica for `createTenantDatabase`: `db.read` uses it, under the same policies and with the same confirmation
 * of the tenant.
 *
 * @throws TypeError when `retryAfterMs` is not a whole number, or a secret is short
 * @example
 * const isolation = createIsolationCheck({ url: replicaUrl })
 * const check = async () => assertRowSecurity(await isolation.inspect())
 * const replica = createReplica({ connections: createPool({ url: replicaUrl, size: 10 }), check, secret })
 * const db = createTenantDatabase({ connections: createPool({ url, size: 10 }), replica })
 */
export function createReplica(options: ReplicaOptions): Replica {
  const { connections, check, secret, previous, retryAfterMs = 5000, onChange } = options
  assertWholeNumber('retryAfterMs', retryAfterMs, 0)
  const bookmarks = createBookmarks(secret, previous)
  const writers = new WeakSet<TenantContext>()
  let isUsed: boolean | undefined // undefined: not checked yet
  let isDoubted = false
  let retryAt = 0
  let checking: Promise<void> | undefined

  function use(whether: boolean, error?: unknown): void {
    isDoubted = false
    if (!whether) retryAt = Date.now() + retryAfterMs
    if (isUsed === whether) return
    isUsed = whether
    callListener(() => onChange?.(whether, error))
  }

  async function runCheck(): Promise<void> {
    try {
      await check()
      use(true)
    } catch (error) {
      use(false, error)
      throw error
    } finally {
      checking = undefined
    }
  }

  function checkNow(): Promise<void> {
    checking ??= runCheck()
    return checking
  }

  /** Reads go to the primary until a check has shown whether the server is silent, or only one query was slow. */
  function doubt(): void {
    isDoubted = true
    checkNow().catch(() => {})
  }

  return {
    check: checkNow,
    routeOf(context) {
      if (!isUsed) {
        // No request waits for the check. It runs again after an outage, because the server may be another one.
        if (Date.now() >= retryAt) checkNow().catch(() => {})
        return undefined
      }
      if (isDoubted || writers.has(context)) return undefined
      const sent = context.bookmark?.sent ?? noBookmark
      if (sent === noBookmark) return { connections, after: undefined }
      const after = bookmarks.decrypt(sent, context.tenantId)
      return after === undefined ? undefined : { connections, after }
    },
    isForPrimary(error) {
      if (error instanceof ReplicaBehind) return true
      const { sqlstate = '' } = findDatabaseError(error) ?? {}
      if (timeLimits.includes(sqlstate)) return false
      const failure = causesOf(error).find((cause) => cause instanceof ConnectionFailure)
      if (failure?.kind === 'late') doubt()
      else if (failure && !isConflict(sqlstate)) use(false, error)
      return failure !== undefined || sqlstate !== ''
    },
    wrote: (context) => void writers.add(context),
    mark({ bookmark, tenantId }, transactionId) {
      if (bookmark) bookmark.next = bookmarks.encrypt(transactionId, tenantId)
    },
    close: () => connections.close(),
  }
}

// pg_xact_status fails for an id above the standby's range, and is null for a very old transaction, which is replayed.
// On a server that is not a standby, ids are unrelated to those of the primary.
const isReplayed = `select where pg_is_in_recovery() and case
  when $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then coalesce(pg_xact_status($1::xid8), 'committed') = 'committed'
end`

/**
 * An opening that fails unless the replica has replayed a transaction, in the same round trip. That query runs in a
 * transaction of its own: in the same one, the snapshot would be older than the replay position it saw.
 */
export function openAfter(transactionId: string, opening: Opening): Opening {
  const replayCheck = [
    { text: 'begin read only', parameters: [] },
    { text: isReplayed, parameters: [transactionId] },
    { text: 'commit', parameters: [] },
  ]
  return {
    ...opening,
    statements: () => [...replayCheck, ...opening.statements()],
    withoutBegin: undefined,
    confirm(results) {
      opening.confirm(results.slice(replayCheck.length))
      if (results[1]?.count !== 1) throw new ReplicaBehind('The replica has not replayed the write yet')
    },
  }
}
