import type { PgTable } from 'drizzle-orm/pg-core'
import type { Context } from 'hono'
import { TenantRequired, tenantContext } from '../context/index.ts'
import { mapped, type Query, type TenantTx } from '../database/index.ts'
import { ApiError } from '../errors/index.ts'
import type { Cursor, CursorTokens } from './cursor-token.ts'
import { cursorTokensOf } from './cursors.ts'
import { opposite, type Position } from './keyset.ts'
import { readLog } from './log-size.ts'
import { type createStatements, keysField, type Row, type Selected } from './statements.ts'

/** The rows of a page by cursor, with the cursors of its neighbours. */
export interface CursorRows {
  rows: Row[]
  next: string | null
  previous: string | null
  /** The position of the log when the first page was read; undefined for a list whose changes cannot be followed. */
  changes: string | undefined
}

interface Asked {
  /** The cursor; empty: the first page. */
  cursor: string
  limit: number
  /** The values of all filters, in the order of the declaration, and the fixed values. */
  filters: readonly unknown[]
}

/**
 * Creates the function that reads a page by cursor.
 *
 * @param followed the table, when its changes can be followed: the first page then reads the position of the log in its snapshot
 */
export const createCursorReader =
  (statements: ReturnType<typeof createStatements>, followed: PgTable | undefined) =>
  (c: Context, tx: TenantTx, selected: Selected, { cursor, limit, filters }: Asked): Query<CursorRows> => {
    const tokens = cursorTokensOf(c)
    const bound = boundTo(c, selected, filters)
    const given = cursor === '' ? undefined : positionOf(tokens, cursor, bound, selected)
    const from = given && placeOf(given)
    const found = statements.next(tx, selected, limit + 1, from)
    const withCursors = (rows: Row[], hasOther: boolean, changes: string | undefined): CursorRows => {
      const { next, previous, ...read } = neighbours(rows, limit, hasOther, from)
      const encrypt = (position: Position | undefined) => position && tokens.encrypt({ ...position, changes }, bound)
      return { ...read, changes, next: encrypt(next) ?? null, previous: encrypt(previous) ?? null }
    }
    if (from) {
      const other = statements.hasRow(tx, selected, opposite(from))
      return mapped([found, other], ([rows, hasOther]) => withCursors(rows, hasOther, followed && given?.changes))
    }
    if (!followed) return mapped(found, (rows) => withCursors(rows, false, undefined))
    // In front of the rows: the changes since then have all that the page may lack, also where each query has a snapshot of its own.
    return mapped([readLog(tx, followed), found], ([{ size }, rows]) => withCursors(rows, false, String(size)))
  }

/** Without the position of the log, on which no statement depends. */
const placeOf = ({ keys, isBackward, isInclusive }: Cursor): Position => ({ keys, isBackward, isInclusive })

/** What a cursor is valid for. `limit` and `count` may change from page to page. */
function boundTo(c: Context, { order }: Selected, filters: readonly unknown[]): string {
  const tenantId = tenantContext()?.tenantId
  if (tenantId === undefined) throw new TenantRequired()
  const types = order.keys.map(({ column }) => column.getSQLType())
  return JSON.stringify([tenantId, c.req.path, order.sort, filters, types], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}

/** @throws ApiError BAD_REQUEST for a text that is no cursor of this list */
function positionOf(tokens: CursorTokens, cursor: string, bound: string, { order }: Selected): Cursor {
  const position = tokens.decrypt(cursor, bound)
  if (position && position.keys.length === order.keys.length) return position
  const message =
    'Send a cursor of this list, with the sort and the filters that it was made with, or an empty one for the first page'
  const details = [{ path: 'cursor', in: 'query' as const, code: 'invalid_cursor', message }]
  throw new ApiError('BAD_REQUEST', 'The cursor is not valid for this list', { details })
}

/**
 * The rows of a page in the order of the list, and the places in front of it and behind it; undefined: there is no row.
 *
 * @param found the rows next to the place, the nearest first, one more than the page has
 * @param hasOther whether there is a row on the other side of the place
 */
function neighbours(found: readonly Row[], limit: number, hasOther: boolean, from: Position | undefined) {
  const page = found.slice(0, limit)
  const isBackward = from?.isBackward ?? false
  if (isBackward) page.reverse()
  const beyond = (row: Row | undefined, isBackward: boolean): Position | undefined =>
    row && { keys: keysOf(row), isBackward, isInclusive: false }
  const end = (isBackward: boolean) => beyond(isBackward ? page[0] : page.at(-1), isBackward)
  const ahead = found.length > limit ? end(isBackward) : undefined
  // The rows of a page may have been deleted: then the way back starts where this page would be.
  const back = hasOther ? (end(!isBackward) ?? (from && opposite(from))) : undefined
  const rows = page.map(({ [keysField]: _, ...row }) => row)
  return isBackward ? { rows, previous: ahead, next: back } : { rows, previous: back, next: ahead }
}

const keysOf = (row: Row): string[] => JSON.parse(String(row[keysField])) // as keyTexts() selects them
