import type { Context } from 'hono'
import type { z } from 'zod'
import { type CursorPagination, totalMax } from '../envelope/index.ts'
import { pageLinks } from '../envelope/internal.ts'

/** A page by cursor that was read. */
export interface CursorPage {
  /** The cursor of the request; empty for the first page. */
  cursor: string
  limit: number
  next: string | null
  previous: string | null
  /** The number of rows, counted up to `totalMax + 1`; undefined: not counted. */
  total: number | undefined
}

/** Returns `meta.pagination` of a page by cursor. Links keep the other parameters; a link is null when no such page exists. */
export function cursorMeta(
  c: Context,
  { cursor, limit, next, previous, total }: CursorPage,
): z.infer<typeof CursorPagination> {
  const link = pageLinks(c, 'cursor', limit)
  return {
    type: 'cursor',
    limit,
    nextCursor: next,
    previousCursor: previous,
    hasMore: next !== null,
    ...(total === undefined ? {} : { total: Math.min(total, totalMax) }),
    ...(total !== undefined && total > totalMax ? { totalCapped: true as const } : {}),
    links: {
      self: link(cursor),
      first: link(''),
      prev: previous === null ? null : link(previous),
      next: next === null ? null : link(next),
    },
  }
}
