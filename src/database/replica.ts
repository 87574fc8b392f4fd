import { noBookmark, type TenantContext } from '../context/index.ts'
import { ApiError, findDatabaseError } from '../errors/index.ts'
import { createBookmarks } from './bookmarks.ts'
import type { ConnectionSource } from './connection.ts'
import type { Opening } from './tenant-tx.ts'

export interface ReplicaOptions {
  /** Connections to a streaming standby of the primary. */
  connections: ConnectionSource
  /** Throws when the replica must not be used: it does not answer, or its walls have a hole. */
  check: () => Promise<unknown>
  /** Encrypts bookmarks: the same in every process that serves. */
  secret: string
  /** How long nothing is tried after a failure, in milliseconds; 5 seconds when left out. */
  retryAfterMs?: number
  /** Hears whether reads go there, when that changes; with the error that ended it. */
  onChange?: (isUsed: boolean, error?: unknown) => void
}

/** How a read is done on the replica. `after`: the transaction that it must have replayed. */
export interface Route {
  connections: ConnectionSource
  after: string | undefined
}

/** Where reads go while it answers and its walls stand; until then, and for whatever it cannot answer, the primary does. */
export interface Replica {
  /** Looks now. Throws what `check` throws. */
  check(): Promise<void>
  /** Undefined: this read is the primary's. */
  routeOf(context: TenantContext): Route | undefined
  /** Hears why a read failed there; says whether the primary is asked. */
  isForPrimary(error: unknown): boolean
  /** From here on this request, or job, reads on the primary: it has written. */
  wrote(context: TenantContext): void
  /** Hands the client session the bookmark of its write. */
  mark(context: TenantContext, transactionId: string): void
  close(): Promise<void>
}

/** The replica has not replayed the write that the client session has seen. */
class ReplicaBehind extends Error {
  override readonly name = 'ReplicaBehind'
}

/**
 * Makes a replica for `createTenantDatabase`: `db.read` goes there, under the same walls and with the same confirmation.
 *
 * @example
 * const walls = createIsolationCheck({ url: replicaUrl })
 * const check = async () => assertRowSecurity(await walls.inspect())
 * const replica = createReplica({ connections: createPool({ url: replicaUrl, size: 10 }), check, secret })
 * const db = createTenantDatabase({ connections: createPool({ url, size: 10 }), replica })
 */
export function createReplica(options: ReplicaOptions): Replica {
  const { connections, check, secret, retryAfterMs = 5000, onChange } = options
  const bookmarks = createBookmarks(secret)
  const writers = new WeakSet<TenantContext>()
  let isUsed: boolean | undefined // undefined: nobody has looked yet
  let retryAt = 0
  let looking: Promise<void> | undefined

  function use(whether: boolean, error?: unknown): void {
    if (!whether) retryAt = Date.now() + retryAfterMs
    if (isUsed === whether) return
    isUsed = whether
    onChange?.(whether, error)
  }

  async function look(): Promise<void> {
    try {
      await check()
      use(true)
    } catch (error) {
      use(false, error)
      throw error
    } finally {
      looking = undefined
    }
  }

  function lookNow(): Promise<void> {
    looking ??= look()
    return looking
  }

  return {
    check: lookNow,
    routeOf(context) {
      if (!isUsed) {
        // No request waits for it. After an outage it may be another server: its walls are looked at again.
        if (Date.now() >= retryAt) lookNow().catch(() => {})
        return undefined
      }
      if (writers.has(context)) return undefined
      const sent = context.bookmark?.sent ?? noBookmark
      if (sent === noBookmark) return { connections, after: undefined }
      const after = bookmarks.decrypt(sent, context.tenantId)
      return after === undefined ? undefined : { connections, after }
    },
    isForPrimary(error) {
      if (error instanceof ReplicaBehind) return true
      if (error instanceof ApiError && error.code === 'SERVICE_UNAVAILABLE') {
        use(false, error)
        return true
      }
      // Replay cancels queries, and a migration arrives late. What ran into its time limit has had its time.
      const sqlstate = findDatabaseError(error)?.sqlstate
      return sqlstate !== undefined && sqlstate !== '57014'
    },
    wrote: (context) => void writers.add(context),
    mark({ bookmark, tenantId }, transactionId) {
      if (bookmark) bookmark.next = bookmarks.encrypt(transactionId, tenantId)
    },
    close: () => connections.close(),
  }
}

// A transaction id that a standby has not heard of yet would be an error; a very old one is unknown again, and replayed.
// Of a server that is no standby the ids say nothing about the primary's.
const isReplayed = `select where pg_is_in_recovery() and case
  when $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then coalesce(pg_xact_status($1::xid8), 'committed') = 'committed'
end`

/**
 * Begins only where a transaction has been replayed, in the same round trip. The look has a transaction of its own before
 * it: a snapshot is taken with the first statement, so within one it could be older than what was looked at.
 */
export function openAfter(transactionId: string, opening: Opening): Opening {
  const look = [
    { text: 'begin read only', parameters: [] },
    { text: isReplayed, parameters: [transactionId] },
    { text: 'commit', parameters: [] },
  ]
  return {
    ...opening,
    statements: [...look, ...opening.statements],
    confirm(answers) {
      opening.confirm(answers.slice(look.length))
      if (answers[1]?.count !== 1) throw new ReplicaBehind('The replica has not replayed the write yet')
    },
  }
}
