import { z } from '@hono/zod-openapi'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Context } from 'hono'
import type { TenantDatabase, TenantTx } from '../database/index.ts'
import { resultOf } from '../database/internal.ts'
import { ApiError } from '../errors/index.ts'
import { changeTokensOf, readLog } from '../lists/internal.ts'
import { limit } from '../openapi/internal.ts'
import { type ChangeEntry, createChangeQueries } from './change-queries.ts'

/** A change of a row. */
export interface Change<Row> {
  readonly change: 'created' | 'updated' | 'deleted' | 'restored'
  /** The primary key without the tenant; of several columns, an array of texts in JSON. */
  readonly id: string
  /** The row as it is now; null when it is not there. */
  readonly row: Row | null
  /** When it was changed, in ISO 8601. */
  readonly at: string
}

/** A page of changes, with `meta` of its answer. */
export interface ChangesPage<Row> {
  changes: Change<Row>[]
  meta: { changes: { next: string; hasMore: boolean } }
}

/** The fields of a change on the wire, besides the row: `z.object({ ...changeFields, task: Task.nullable() }).openapi('TaskChange')`. */
export const changeFields = {
  change: z.enum(['created', 'updated', 'deleted', 'restored']),
  id: z.string().openapi({ description: 'The id of the row, which may not be there any more' }),
  at: z.iso.datetime(),
}

const query = z.strictObject({
  since: z.string().optional().openapi({
    description:
      'A position: `meta.changes.next` of the last answer, or of the list. Without it, the changes from the beginning',
  }),
  limit,
})

/** The changes of a table's rows, as {@link changes} declares them. */
export interface Changes<Table extends PgTable> {
  /** The schema of the query string: `request: { query: taskChanges.query }`. */
  readonly query: typeof query
  /**
   * Reads a page of the changes of the tenant's rows, the oldest first. Each change is on one page, also when transactions commit out of
   * order. A change has no place before the worker has given it one, some seconds after its COMMIT.
   *
   * @param asked what the schema read: `c.req.valid('query')`
   * @throws ApiError BAD_REQUEST for a position of another tenant or table, of a later time, or a malformed one; GONE for one of which later
   *   changes were pruned. ConfigError without `cursors()`
   * @example
   * const { changes, meta } = await taskChanges.page(c, db, c.req.valid('query'))
   * return ok(c, changes.map(({ row, ...change }) => ({ ...change, task: row && toTask(row) })), { meta })
   */
  page(c: Context, db: TenantDatabase, asked: z.output<typeof query>): Promise<ChangesPage<Table['$inferSelect']>>
}

/**
 * Declares the changes of an audited table's rows, which a client follows after it has read the list: the parameters `since` and `limit`,
 * and `meta.changes`.
 *
 * @param table a tenant table with a primary key, which is audited
 * @param options `tenantColumn`: its name in the database. @default 'tenant_id'
 * @throws TypeError for a table without a primary key
 * @example
 * export const taskChanges = changes(tasks)
 */
export function changes<Table extends PgTable>(
  table: Table,
  { tenantColumn = 'tenant_id' }: { tenantColumn?: string } = {},
): Changes<Table> {
  type Row = Table['$inferSelect']
  const { readEntries, readRows } = createChangeQueries(table, tenantColumn)

  /** @returns undefined for a position that the log does not have yet */
  async function read(tx: TenantTx, position: bigint, limit: number) {
    const [log, found] = await resultOf([readLog(tx, table), readEntries(tx, position, limit + 1)])
    if (position > log.size) return undefined
    if (position < log.pruned)
      throw new ApiError(
        'GONE',
        'Later changes than this position were pruned: read the list again, and follow it from there',
      )
    const entries = found.slice(0, limit)
    const hasMore = found.length > limit
    const rows = entries.length > 0 ? await readRows(tx, entries) : new Map<string, Row>()
    const last = entries.at(-1)?.position ?? position
    return { entries, rows, hasMore, next: hasMore || last > log.size ? last : log.size }
  }

  return {
    query,
    async page(c, db, { since, limit }) {
      const tokens = changeTokensOf(c)
      const given = since === undefined ? '0' : tokens.decrypt(since, table)
      if (given === undefined) throw invalidPosition()
      const work = (tx: TenantTx) => read(tx, BigInt(given), limit)
      // A replica may not have the position yet: the primary, which writes, decides.
      const page = (await db.read(work)) ?? (await db.write(work))
      if (page === undefined) throw invalidPosition()
      const { entries, rows, hasMore, next } = page
      const toChange = ({ action, id, at }: ChangeEntry): Change<Row> => ({
        ...{ change: action, id, at },
        row: (rows.get(id) as Row | undefined) ?? null, // readRows selects the columns of the table
      })
      return {
        changes: entries.map(toChange),
        meta: { changes: { next: tokens.encrypt(String(next), table), hasMore } },
      }
    },
  }
}

function invalidPosition(): ApiError {
  const message = 'Send a position of this list, as "meta.changes.next" of an answer, or none for the beginning'
  const details = [{ path: 'since', in: 'query' as const, code: 'invalid_position', message }]
  return new ApiError('BAD_REQUEST', 'The position is not valid for this list', { details })
}
