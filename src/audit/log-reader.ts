import { and, asc, getTableColumns, gt, lte, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { TenantDatabase, TenantTx } from '../database/index.ts'
import { unavailable } from '../errors/index.ts'
import { type AuditEntryRow, auditLogs, auditPruned, auditTrail } from './tables.ts'

/** An entry with what its proof needs, in hex. */
export interface ProvenEntry extends AuditEntryRow {
  salt: string | null
  changesHash: string
}
/** What is left of an entry whose month was pruned. */
export interface PrunedEntry {
  position: number
  leaf: string
}
export type LogEntry = ProvenEntry | PrunedEntry

export interface LogRange {
  /** The filters. With them there are no pruned entries, which nobody can compare with a filter. */
  where?: SQL | undefined
  /** How many entries at most. @default all */
  limit?: number | undefined
}

/** How many entries are in memory at once. */
const batchMax = 100

/**
 * Creates the function that reads the next entries of the tenant's log, the oldest first, up to the last one that has a position at the
 * first call. Positions have no gaps and never change. So each call is a transaction of its own, and a slow client keeps no connection.
 *
 * @returns undefined after the last ones
 */
export function createLogReader(db: TenantDatabase, { where, limit = Number.MAX_SAFE_INTEGER }: LogRange) {
  let after = 0
  let left = limit
  let last: number | undefined

  return async function readNext(): Promise<LogEntry[] | undefined> {
    while (left > 0 && after < (last ?? 1)) {
      const count = Math.min(batchMax, left)
      const end = where === undefined ? after + count : Number.MAX_SAFE_INTEGER
      const { size, entries } = await db.read((tx) =>
        readBatch(tx, { after, end: Math.min(end, last ?? end), count, where }),
      )
      last ??= size
      // The replica had not got as far as the primary, which answered before.
      if (size < last) throw unavailable(new Error('The log of the audit trail has become shorter'))
      after = where !== undefined && entries.length === count ? (entries.at(-1)?.position ?? last) : Math.min(end, last)
      left -= entries.length
      if (entries.length > 0) return entries
    }
    return undefined
  }
}

interface Batch extends Pick<LogRange, 'where'> {
  after: number
  end: number
  count: number
}

async function readBatch(tx: TenantTx, { after, end, count, where }: Batch) {
  const within = (position: PgColumn) => and(gt(position, after), lte(position, end))
  const log = tx.select().from(auditLogs)
  const rows = tx
    .select({
      ...getTableColumns(auditTrail),
      salt: sql<string | null>`encode(salt, 'hex')`,
      changesHash: sql<string>`encode(changes_hash, 'hex')`,
    })
    .from(auditTrail)
    .where(and(within(auditTrail.position), where))
    .orderBy(asc(auditTrail.position))
    .limit(count)
  const pruned = tx
    .select({ position: auditPruned.position, leaf: sql<string>`encode(leaf, 'hex')` })
    .from(auditPruned)
    .where(where === undefined ? within(auditPruned.position) : sql`false`)
    .orderBy(asc(auditPruned.position))
    .limit(count)
  const [[found], entries, leaves] = await Promise.all([log, rows, pruned])
  const all: LogEntry[] = [...entries, ...leaves]
  all.sort((one, other) => (one.position ?? 0) - (other.position ?? 0))
  return { size: found?.size ?? 0, entries: all }
}
